// A real browser before the built console, as the benches of the window need it.
import { createInterface } from 'node:readline';
import { chromium, type Page } from 'playwright';
import { quietChromium } from '../e2e/support/chromium.ts';
import type { Desk } from '../e2e/support/command-line.ts';

/** In the page: `settled(test)` gives the time, in ms since navigation began, of the first frame after `test` holds. */
const settled = `window.settled = (test) => new Promise((resolve) => {
  const look = () => test() ? requestAnimationFrame(() => resolve(performance.now())) : requestAnimationFrame(look);
  look();
});`;

/** Scroll bars are shown, since they are dragged. */
export async function openBrowser(): Promise<{ readonly page: Page; close(): Promise<void> }> {
  const executablePath = process.env['COUNTERSIGN_CHROMIUM'];
  const browser = await chromium.launch({
    args: [...quietChromium],
    ignoreDefaultArgs: ['--hide-scrollbars'],
    ...(executablePath === undefined ? {} : { executablePath }),
  });
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', timezoneId: 'UTC' });
  await context.addInitScript(settled);
  return { page: await context.newPage(), close: () => browser.close() };
}

/** Starts `countersign console`; `url` works once. */
export async function openConsole(desk: Desk): Promise<{ readonly url: string; close(): Promise<void> }> {
  const child = desk.start(['--json', 'console', '--no-open']);
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  if (child.stdout === null || child.stderr === null) throw new Error('no output');
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => (words += part));
  const first = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`console ended with ${code} before it was open: ${words}`)));
  });
  return {
    url: (JSON.parse(first) as { url: string }).url,
    close: async () => {
      child.kill('SIGINT');
      await gone;
    },
  };
}

/** Waits until the page asks who is there; milliseconds since its navigation began. */
export function untilSignIn(page: Page): Promise<number> {
  return page.evaluate<number>(`settled(() => document.querySelector('input[type=radio], input[type=password]') !== null)`);
}
