import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keepEvidence, TestWindow } from '../fixtures/window.ts';
import { handIn, preparedDesk, secretOf } from '../fixtures/visits.ts';
import { ConsolePage } from '../pages/console.ts';
import { Desk } from '../support/command-line.ts';
import { effects, setFaults, type PreparedDesk } from '../support/set-up.ts';

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

describe('a write that failed', () => {
  it('I2 C6 is found, says why and whether the chart changed, and is sent again by hand', { timeout: 120_000 }, async () => {
    await setFaults(ehr.controlUrl, {
      faults: [
        {
          kind: 'status',
          method: ['POST'],
          types: ['DocumentReference'],
          status: 429,
          retryAfter: 'seconds',
          // Long enough to be seen, short enough to be waited for: the EHR's wish holds for a person's act as well.
          retryAfterSeconds: 20,
        },
      ],
    });
    await handIn(desk, { id: 'visit-1' });
    window = await TestWindow.open(desk);
    const page = new ConsolePage(window);
    await page.enter('Sam Rivera', secretOf('sam'));
    await page.goTo('Queue');
    await page.tab(/^Failed and open 1/).click();
    await page.row(/Campbell, Andrew.*Progress note/).click();
    const detail = page.page.getByRole('complementary', { name: 'The write in focus' });
    await detail.getByText('It is proved that the chart was not changed.').waitFor();
    await setFaults(ehr.controlUrl, { faults: [] });
    await detail.getByRole('button', { name: /^Send it again/ }).click();
    await page.page.getByRole('dialog').getByRole('button', { name: 'Send again' }).click();
    await page.tab(/^Failed and open 0/).waitFor();
    const [write] = await desk.lines<{ id: string }>(['writes']);
    const { timeline } = await desk.json<{ timeline: readonly { type: string; actor: { id: string } }[] }>([
      'write',
      write?.id ?? '',
    ]);
    expect(timeline.filter(({ type }) => type === 'write.retried').map(({ actor }) => actor.id)).toEqual(['sam']);
    await page.tab(/^Committed/).click();
    await page.row(/charted, verified.*Campbell, Andrew/).waitFor({ timeout: 60_000 });
    expect([...(await effects(ehr.controlUrl)).values()]).toEqual([1]);
    expect(window.complaints).toEqual([]);
  });

  it(
    'C4 an answer that was lost: the screen says it may be in the chart, never offers to send it again, and shows how it was settled',
    { timeout: 120_000 },
    async () => {
      await setFaults(ehr.controlUrl, {
        faults: [
          { kind: 'lost-reply', method: ['POST'], types: ['DocumentReference'] },
          { kind: 'status', method: ['GET'], types: ['DocumentReference'], status: 503 },
        ],
      });
      await handIn(desk, { id: 'visit-1' });
      window = await TestWindow.open(desk);
      const page = new ConsolePage(window);
      await page.enter('Sam Rivera', secretOf('sam'));
      await page.goTo('Queue');
      await page.tab(/^Failed and open 1/).click();
      await page.row(/unknown.*Campbell, Andrew/).click();
      const detail = page.page.getByRole('complementary', { name: 'The write in focus' });
      await detail.getByText('It may already be in the chart.').waitFor();
      expect(await detail.getByRole('button', { name: /^Send it again/ }).count()).toBe(0);
      await detail.getByText(/never sent again before that is settled/).waitFor();
      await setFaults(ehr.controlUrl, { faults: [] });
      await page.tab(/^Committed 1/).click();
      await page.row(/charted, verified.*Campbell, Andrew/).waitFor({ timeout: 60_000 });
      expect([...(await effects(ehr.controlUrl)).values()]).toEqual([1]);
    },
  );
});
