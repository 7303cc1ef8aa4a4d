// Makes the pictures of docs/screens: every screen on the practice day, light and dark. Run with `npm run screens`.
import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { TestWindow } from './fixtures/window.ts';
import { ConsolePage } from './pages/console.ts';
import { Desk } from './support/command-line.ts';
import { ensureChromium } from '../scripts/chromium.ts';
import { ensureBuilt } from '../scripts/ensure-built.ts';

const folder = path.resolve(import.meta.dirname, '..', 'docs', 'screens');
mkdirSync(folder, { recursive: true });

const failure = ensureBuilt();
if (failure !== null) throw new Error(failure);
const chromium = ensureChromium();
if (chromium !== null) process.env['COUNTERSIGN_CHROMIUM'] = chromium;

const desk = new Desk();
try {
  await desk.ok(['init', '--practice']);
  const secrets = JSON.parse(readFileSync(path.join(desk.workspace, 'practice-secrets.json'), 'utf8')) as Record<string, string>;
  await desk.ok(['run', '--drain', '--max-seconds', '90']);
  for (const colorScheme of ['light', 'dark'] as const) {
    const window = await TestWindow.open(desk, { colorScheme });
    try {
      await picture(window, colorScheme, secrets);
    } finally {
      await window.close();
    }
  }
} finally {
  await desk.close();
}

async function picture(window: TestWindow, scheme: string, secrets: Readonly<Record<string, string>>): Promise<void> {
  const console = new ConsolePage(window);
  const { page } = console;
  const take = async (name: string): Promise<void> => {
    await page.waitForFunction('document.querySelector(\'[aria-busy="true"]\') === null && document.fonts.status === "loaded"');
    await page.screenshot({ path: path.join(folder, `${name}-${scheme}.png`) });
  };
  await page.getByRole('radio', { name: /Chidi Okafor/ }).check();
  await take('sign-in');
  await console.enter('Chidi Okafor', secrets['dr-okafor'] ?? '');
  await page.getByText('Needs a person').waitFor();
  await take('today');
  await console.address('#/queue/open');
  await console.row(/chart differs.*Haddad/).click();
  await page.getByRole('complementary').getByText('came back other than sent').waitFor();
  await take('queue');
  await console.address('#/queue/committed');
  await console
    .row(/Progress note/)
    .last()
    .click();
  await page.getByRole('link', { name: 'Open this write' }).click();
  await console.heading(/Progress note/).waitFor();
  await page.getByRole('tab', { name: 'Draft to final' }).click();
  await page
    .getByText(/practice-scribe/)
    .last()
    .waitFor();
  await take('write-draft-to-final');
  await page.getByRole('tab', { name: /Sent and received/ }).click();
  await take('write-sent-and-received');
  await page.getByRole('tab', { name: 'Chart now' }).click();
  await page.getByRole('button', { name: /Read the chart now/ }).click();
  await page.getByText(/fields that were sent are there|fields differ/).waitFor();
  await take('write-chart-now');
  await console.address('#/approvals');
  await page.getByText('Exactly this will be sent').waitFor();
  await page.getByRole('button', { name: 'Approve for the chart', disabled: false }).waitFor();
  await take('approval');
  await console.address('#/connections');
  await console.heading('Connections').waitFor();
  await take('connections');
  await page.keyboard.press('?');
  await page.getByRole('dialog').waitFor();
  await take('keys');
  await page.keyboard.press('Escape');
  await console.button('Lock').click();
  await console.heading(/locked/i).waitFor();
  await take('lock');
}
