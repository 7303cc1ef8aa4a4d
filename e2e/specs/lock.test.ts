import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepEvidence, TestWindow } from '../fixtures/window.ts';
import { handIn, preparedDesk, secretOf } from '../fixtures/visits.ts';
import { ConsolePage } from '../pages/console.ts';
import { Desk } from '../support/command-line.ts';

let desk: Desk;
let window: TestWindow;
let page: ConsolePage;
beforeAll(async () => {
  desk = new Desk();
  await preparedDesk(desk);
  await handIn(desk, { id: 'visit-1' });
  window = await TestWindow.open(desk);
  page = new ConsolePage(window);
}, 120_000);
afterAll(async () => {
  await window.close();
  await desk.close();
});
keepEvidence(() => window);

describe('sign-in and lock', () => {
  it('G4 a wrong secret is said in words, and nothing is shown', async () => {
    await page.signIn('Sam Rivera', 'not it');
    await page.page.getByText('The person or the secret is not right. Nothing was done.').waitFor();
    expect(await page.html()).not.toContain('Campbell');
  });

  it('G4 nobody reaches a screen by its address without signing in', async () => {
    await page.address('#/queue/all');
    await page.heading('Sign in').waitFor();
    expect(await page.html()).not.toContain('Campbell');
  });

  it('G4 a lock takes clinical text out of the page at once; the same person goes on where they were', async () => {
    // Signed in, a person is where the address said.
    await page.signIn('Sam Rivera', secretOf('sam'));
    await page.row(/Campbell, Andrew/).waitFor();
    await page.button('Lock').click();
    await page.heading(/locked/i).waitFor();
    expect(await page.html()).not.toContain('Campbell');
    await page.page.getByRole('textbox', { name: 'Secret' }).fill('not it');
    await page.button('Unlock').click();
    await page.page.getByText('The person or the secret is not right. Nothing was done.').waitFor();
    await page.page.getByRole('textbox', { name: 'Secret' }).fill(secretOf('sam'));
    await page.button('Unlock').click();
    await page.row(/Campbell, Andrew/).waitFor();
    expect(page.page.url()).toContain('#/queue/all');
  });

  it('G4 back and forward do not lead behind a lock', async () => {
    await page.button('Lock').click();
    await page.heading(/locked/i).waitFor();
    await page.page.goBack();
    await page.page.goForward();
    await page.heading(/locked/i).waitFor();
    expect(await page.html()).not.toContain('Campbell');
    expect(window.complaints).toEqual([]);
  });
});
