import { AxeBuilder } from '@axe-core/playwright';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keepEvidence, TestWindow } from '../fixtures/window.ts';
import { handIn, preparedDesk, secretOf } from '../fixtures/visits.ts';
import { ConsolePage } from '../pages/console.ts';
import { patients } from '../support/chart.ts';
import { Desk } from '../support/command-line.ts';
import { setFaults } from '../support/set-up.ts';

let desk: Desk;
beforeAll(async () => {
  desk = new Desk();
  const { controlUrl } = await preparedDesk(desk);
  await setFaults(controlUrl, {
    faults: [{ kind: 'drop-field', method: ['POST'], types: ['DocumentReference'], fields: ['description'], times: 1 }],
  });
  await handIn(desk, { id: 'charted' }, ...patients.map((patient, at) => ({ id: `proposed-${at}`, patient, approvedBy: null })), {
    id: 'wrong',
    subject: { patient: { identifiers: [{ system: 'urn:mrn:test', value: 'nobody' }] } },
  });
}, 120_000);
afterAll(() => desk.close());

/** Every finding of the rules of WCAG 2.2 A and AA, in words. */
async function findings(page: ConsolePage): Promise<readonly string[]> {
  const { violations } = await new AxeBuilder({ page: page.page })
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze();
  return violations.flatMap(({ id, help, nodes }) => nodes.map(({ target }) => `${id}: ${help} (${target.join(' ')})`));
}

describe.each(['light', 'dark'] as const)('every screen in %s', (colorScheme) => {
  let window: TestWindow;
  let page: ConsolePage;
  beforeAll(async () => {
    window = await TestWindow.open(desk, { colorScheme });
    page = new ConsolePage(window);
  }, 60_000);
  afterAll(() => window.close());
  keepEvidence(() => window);

  it('I2 signing in', { timeout: 60_000 }, async () => {
    await page.heading('Sign in').waitFor();
    await page.page.getByRole('radio').first().waitFor();
    expect(await findings(page)).toEqual([]);
    await page.enter('Dana Lee', secretOf('dr-lee'));
  });

  it.each([
    ['Today', '#/today', 'Today'],
    ['what waits', '#/queue/pending', 'Queue'],
    ['what failed', '#/queue/open', 'Queue'],
    ['what is charted', '#/queue/committed', 'Queue'],
    ['an empty list', '#/queue/open?state=conflict', 'Queue'],
    ['approvals', '#/approvals', /^Approvals/],
    ['connections', '#/connections', 'Connections'],
    ['a write that is not there', `#/write/${'a'.repeat(52)}`, /./],
  ])('I2 %s', { timeout: 60_000 }, async (_name, address, heading) => {
    await page.address(address);
    await page.heading(heading).waitFor();
    await page.page.waitForFunction('document.querySelector(\'[aria-busy="true"]\') === null');
    expect(await findings(page)).toEqual([]);
  });

  it('I2 one write, each of its parts', { timeout: 120_000 }, async () => {
    await page.address('#/queue/all');
    await page
      .row(/Campbell, Andrew/)
      .first()
      .click();
    await page.page.getByRole('link', { name: 'Open this write' }).click();
    const tabs = page.page.getByRole('tab');
    await tabs.first().waitFor();
    for (const tab of await tabs.all()) {
      await tab.click();
      expect(await findings(page), await tab.innerText()).toEqual([]);
    }
  });

  it('I2 a dialog, the palette and the keys', { timeout: 60_000 }, async () => {
    await page.address('#/approvals');
    await page.button(/^Reject/).click();
    await page.page.getByRole('dialog').waitFor();
    expect(await findings(page)).toEqual([]);
    await page.page.keyboard.press('Escape');
    await page.page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.page.keyboard.press('Control+k');
    await page.page.getByRole('dialog').waitFor();
    expect(await findings(page)).toEqual([]);
    await page.page.keyboard.press('Escape');
    await page.page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.page.keyboard.press('?');
    await page.page.getByRole('dialog').waitFor();
    expect(await findings(page)).toEqual([]);
    await page.page.keyboard.press('Escape');
  });

  it('I2 at twice the size nothing is cut off sideways', { timeout: 60_000 }, async () => {
    await page.page.setViewportSize({ width: 720, height: 450 });
    for (const address of ['#/today', '#/queue/open', '#/approvals', '#/connections']) {
      await page.address(address);
      await page.page.getByRole('heading', { level: 1 }).waitFor();
      expect(await page.overflow(), address).toBeLessThanOrEqual(0);
      expect(await findings(page), address).toEqual([]);
    }
    await page.page.setViewportSize({ width: 1440, height: 900 });
  });

  it('I2 the lock', { timeout: 60_000 }, async () => {
    await page.button('Lock').click();
    await page.heading(/locked/i).waitFor();
    expect(await findings(page)).toEqual([]);
    expect(window.complaints).toEqual([]);
  });
});
