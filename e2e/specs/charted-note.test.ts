import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepEvidence, TestWindow } from '../fixtures/window.ts';
import { handIn, preparedDesk, secretOf } from '../fixtures/visits.ts';
import { ConsolePage } from '../pages/console.ts';
import { Desk } from '../support/command-line.ts';
import { effects, type PreparedDesk } from '../support/set-up.ts';

let desk: Desk;
let ehr: PreparedDesk;
let window: TestWindow;
beforeEach(async () => {
  desk = new Desk();
  ehr = await preparedDesk(desk);
});
afterEach(async () => {
  await window.close();
  await desk.close();
});
// Hooks run last one first: the evidence is kept before the window closes.
keepEvidence(() => window);

const text = 'No chest pain. Metoprolol succinate 25 mg once a day.';

describe('from a proposed note to a charted one', () => {
  it(
    'I1 G4 by mouse: sign in, read exactly what would be sent, approve, see it charted and verified',
    { timeout: 120_000 },
    async () => {
      await handIn(desk, { id: 'visit-1', approvedBy: null, text });
      window = await TestWindow.open(desk);
      const page = new ConsolePage(window);
      await page.enter('Dana Lee', secretOf('dr-lee'));
      await page.page.getByRole('link', { name: /^Approvals, 1|^Approvals ?, 1/ }).waitFor();
      await page.goTo('Approvals');
      await page.page.getByText(text).first().waitFor();
      await page.page.getByText('Exactly this will be sent').waitFor();
      expect(await page.page.getByText('"resourceType":"DocumentReference"').count()).toBe(1);
      // Nothing has been sent before somebody said so.
      expect((await effects(ehr.controlUrl)).size).toBe(0);
      await page.button('Approve for the chart').click();
      await page.goTo('Queue');
      await page.tab(/^Committed/).click();
      await page.row(/charted, verified.*Campbell, Andrew.*Progress note/).waitFor();
      await page.row(/Campbell, Andrew/).click();
      await page.page.getByRole('link', { name: 'Open this write' }).click();
      await page.heading(/Progress note/).waitFor();
      await page.page.getByText('It was written, read back and compared').first().waitFor();
      expect([...(await effects(ehr.controlUrl)).values()]).toEqual([1]);
      expect(window.complaints).toEqual([]);
    },
  );

  it('I1 whoever goes elsewhere while an approval is on its way stays there', { timeout: 120_000 }, async () => {
    await handIn(desk, { id: 'visit-3', approvedBy: null, text });
    window = await TestWindow.open(desk);
    const page = new ConsolePage(window);
    await page.enter('Dana Lee', secretOf('dr-lee'));
    await page.goTo('Approvals');
    await page.button('Approve for the chart').and(page.page.locator(':enabled')).waitFor();
    // Both in one turn of the page: no answer can come in between.
    await page.page.evaluate(`
      [...document.querySelectorAll('button')].find((one) => one.textContent.startsWith('Approve for the chart')).click();
      [...document.querySelectorAll('nav a')].find((one) => one.textContent.startsWith('Queue')).click();
    `);
    await page.tab(/^Committed/).click();
    await page.row(/charted, verified.*Campbell, Andrew.*Progress note/).waitFor();
    expect(await page.heading('Queue').count()).toBe(1);
    expect([...(await effects(ehr.controlUrl)).values()]).toEqual([1]);
  });

  it('I2 by keyboard alone: the same, without a mouse', { timeout: 120_000 }, async () => {
    await handIn(desk, { id: 'visit-2', approvedBy: null, text });
    window = await TestWindow.open(desk);
    const console = new ConsolePage(window);
    const { page } = console;
    const keys = page.keyboard;
    await page.getByRole('radio', { name: /Dana Lee/ }).waitFor();
    const focused = () => page.evaluate<string>("document.activeElement?.textContent ?? ''");
    const inputType = () => page.evaluate<string>("document.activeElement?.type ?? ''");
    const tabTo = async (what: RegExp, name: () => Promise<string> = focused): Promise<void> => {
      for (let at = 0; at < 60 && !what.test(await name()); at += 1) await keys.press('Tab');
      expect(await name()).toMatch(what);
    };
    await tabTo(/radio/, inputType);
    for (let at = 0; at < 8; at += 1) {
      if (await page.getByRole('radio', { name: /Dana Lee/ }).isChecked()) break;
      await keys.press('ArrowDown');
    }
    await tabTo(/password/, inputType);
    await keys.type(secretOf('dr-lee'));
    await keys.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Today' }).waitFor();
    await tabTo(/^\s*Approvals/);
    await keys.press('Enter');
    await page.getByText('Exactly this will be sent').waitFor();
    await tabTo(/^Approve for the chart/);
    await keys.press('Enter');
    await page
      .getByText(/Nothing waits for you|Nothing is waiting/)
      .first()
      .waitFor();
    await keys.press('Control+k');
    await page.getByRole('dialog').waitFor();
    await keys.type('Queue');
    await keys.press('Enter');
    await console.heading('Queue').waitFor();
    await page.getByRole('navigation', { name: 'Lists of the queue' }).waitFor();
    await tabTo(/^Committed/);
    await keys.press('Enter');
    await page
      .getByRole('grid')
      .getByRole('row', { name: /charted, verified/ })
      .waitFor();
    await tabTo(/charted, verified/);
    await keys.press('Enter');
    await page.getByRole('heading', { level: 1, name: /Progress note/ }).waitFor();
    expect([...(await effects(ehr.controlUrl)).values()]).toEqual([1]);
    expect(window.complaints).toEqual([]);
  });
});
