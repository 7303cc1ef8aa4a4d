import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepEvidence, TestWindow } from '../fixtures/window.ts';
import { handIn, preparedDesk, secretOf } from '../fixtures/visits.ts';
import { ConsolePage } from '../pages/console.ts';
import { noteContent, type TestPatient } from '../support/chart.ts';
import { Desk } from '../support/command-line.ts';

/** Names and words that would do something if anything on the way took them for markup. */
const script = '<script>window.owned=1</script>';
const image = '<img src=x onerror="window.owned=1">';
const hostile: TestPatient = { id: 'pat-9', family: `O'Brien${script}`, given: image, birthDate: '1970-01-01', gender: 'male' };
const override = '\u202Egnp.exe\u2066';
const note = JSON.parse(
  noteContent(`<svg onload="window.owned=1"> javascript:window.owned=1 ${override} ${'x'.repeat(20_000)}`),
) as {
  note: { title: string };
};
note.note.title = `</title>${script}Progress${override}`;

let desk: Desk;
let window: TestWindow;
let page: ConsolePage;
beforeAll(async () => {
  desk = new Desk();
  await preparedDesk(desk, [hostile]);
  await handIn(desk, { id: 'visit-9', patient: hostile, content: JSON.stringify(note), approvedBy: null });
  window = await TestWindow.open(desk);
  page = new ConsolePage(window);
  await page.enter('Dana Lee', secretOf('dr-lee'));
}, 120_000);
afterAll(async () => {
  await window.close();
  await desk.close();
});
keepEvidence(() => window);

const owned = (): Promise<unknown> => page.page.evaluate<unknown>('window.owned');

describe('text that would be something else', () => {
  it.each([
    ['Today', '#/today', /O'Brien/],
    ['the queue', '#/queue/all', /O'Brien/],
    ['an approval', '#/approvals', /O'Brien/],
  ])('I1 stays text on %s', { timeout: 60_000 }, async (_name, address, shown) => {
    await page.address(address);
    await page.page.getByText(shown).first().waitFor();
    expect(await owned()).toBeUndefined();
    expect(await page.page.locator('#root script, #root img[src="x"], #root svg[onload]').count()).toBe(0);
    expect(await page.page.title()).not.toContain('Brien');
    expect(window.complaints).toEqual([]);
  });

  it(
    'I1 the note is read as it was written: markup as text, hidden marks made visible, and the layout holds',
    { timeout: 60_000 },
    async () => {
      await page.address('#/queue/all');
      await page.row(/O'Brien/).click();
      await page.page.getByRole('link', { name: 'Open this write' }).click();
      await page.page.getByText('<svg onload=').first().waitFor();
      expect(await owned()).toBeUndefined();
      // A right-to-left override turns the rest of the line around unseen: no such character may be left in what is shown.
      const text = await page.text();
      expect(text).not.toMatch(/[\u202A-\u202E\u2066-\u2069]/);
      expect(await page.overflow()).toBeLessThanOrEqual(0);
      expect(window.complaints).toEqual([]);
    },
  );
});
