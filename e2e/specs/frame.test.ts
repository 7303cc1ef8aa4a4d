import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepEvidence, TestWindow } from '../fixtures/window.ts';
import { handIn, preparedDesk, secretOf } from '../fixtures/visits.ts';
import { ConsolePage } from '../pages/console.ts';
import { Desk } from '../support/command-line.ts';
import { effects, type PreparedDesk } from '../support/set-up.ts';

let desk: Desk;
let ehr: PreparedDesk;
let window: TestWindow;
let page: ConsolePage;
beforeAll(async () => {
  desk = new Desk();
  ehr = await preparedDesk(desk);
  window = await TestWindow.open(desk);
  page = new ConsolePage(window);
  await page.enter('Sam Rivera', secretOf('sam'));
}, 120_000);
afterAll(async () => {
  await window.close();
  await desk.close();
});
keepEvidence(() => window);

describe('the frame', () => {
  it('B5 pausing the engine is seen on every screen, and nothing goes out until it is resumed', { timeout: 90_000 }, async () => {
    await page.button('Engine running').click();
    await page.page
      .getByRole('menuitem', { name: /Pause/ })
      .or(page.button(/^Pause/))
      .click();
    await page.button('Engine paused').waitFor();
    await handIn(desk, { id: 'visit-1' });
    await page.goTo('Queue');
    // What another process took in shows by itself.
    await page.tab(/^Pending 1/).click();
    await page.row(/Campbell, Andrew/).waitFor();
    expect((await effects(ehr.controlUrl)).size).toBe(0);
    await page.button('Engine paused').click();
    await page.page
      .getByRole('menuitem', { name: /Resume|Start/ })
      .or(page.button(/^(Resume|Start)/))
      .click();
    await page.tab(/^Committed 1/).click();
    await page.row(/charted, verified.*Campbell, Andrew/).waitFor();
    expect([...(await effects(ehr.controlUrl)).values()]).toEqual([1]);
  });

  it('I1 a link to a list with its filter is copied, and leads there again', { timeout: 60_000 }, async () => {
    await page.address('#/queue/all?state=committed');
    await page.row(/Campbell, Andrew/).waitFor();
    // The page may write to the clipboard and never read it, so what it writes is taken on the way there.
    await page.page.evaluate('navigator.clipboard.writeText = async (text) => { window.copied = text; }');
    await page.button('Copy link').click();
    await page.page.waitForFunction('window.copied !== undefined');
    const copied = await page.page.evaluate<string>('window.copied');
    expect(copied).toBe('#/queue/all?state=committed');
    await page.goTo('Today');
    // Pasted where things are found, it leads there, in whichever shell.
    await page.page.keyboard.press('Control+k');
    await page.page
      .getByRole('dialog')
      .getByRole('combobox')
      .or(page.page.getByRole('dialog').getByRole('textbox'))
      .first()
      .fill(copied);
    await page.page.keyboard.press('Enter');
    await page.heading('Queue').waitFor();
    expect(page.page.url()).toContain(copied);
    await page.page.goBack();
    await page.heading('Today').waitFor();
  });

  it('I1 a connection is tested, and says what the server can do', { timeout: 60_000 }, async () => {
    await page.goTo('Connections');
    await page.button(/^Test/).click();
    await page.page
      .getByText(/DocumentReference/)
      .first()
      .waitFor();
    await page.page.getByText('never tested').waitFor({ state: 'detached' });
  });

  it('H2 the log is verified from the window, and the result is said', { timeout: 60_000 }, async () => {
    await page.button(/^Log anchored/).click();
    await page.button(/^Verify/).click();
    await page.page.getByText(/The log is whole: \d+ entries/).waitFor();
    await page.page.keyboard.press('Escape');
    expect(window.complaints).toEqual([]);
  });
});
