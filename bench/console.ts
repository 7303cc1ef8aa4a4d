// What a person waits for in the window: the built console in real Chromium on ledgers of growing size, and the answers behind it.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright';
import { openBrowser, openConsole, untilSignIn } from './browser.ts';
import { filled } from './filled.ts';
import { load, median, quantile, type Figure } from './support.ts';
import type { Desk } from '../e2e/support/command-line.ts';
import { consolePaths } from '../src-shared/contract/index.ts';
import { limits } from '../src-shared/limits/index.ts';

const SIZES = [10_000, 100_000];
const FULL_SIZES = [...SIZES, 1_000_000];
const PAINT_GOAL = { at: 'most', value: 1000 } as const;
const FILTER_GOAL = { at: 'most', value: 100 } as const;
const FRAMES_GOAL = { at: 'least', value: 95 } as const;
/** A frame at 60 Hz, and what the browser's clock rounds. */
const FRAME_MS = 16.7 + 0.3;
const RELOADS = 5;
const ROUNDS = 3;
const CALLS = 7;
const WHEEL_STEPS = 200;
const DRAG_STEPS = 200;

/** Lists that a person goes to one after the other: tabs, and filters set on them. */
const lists = [
  '#/queue/all',
  '#/queue/open',
  '#/queue/committed',
  '#/queue/all?connection=lab',
  '#/queue/open?connection=lab',
  '#/queue/open?code=patient-not-found',
  '#/queue/all?state=conflict',
  '#/queue/all?tenant=south',
  '#/queue/committed?connection=lab&tenant=south',
];

export async function run(full: boolean): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const size of full ? FULL_SIZES : SIZES) figures.push(...(await ofSize(size)));
  return figures;
}

async function ofSize(size: number): Promise<readonly Figure[]> {
  const { desk } = await filled(size);
  const figures: Figure[] = [];
  const figure: Tell = (name, value, unit, goal) => {
    figures.push({ name: `${size} writes: ${name}`, value, unit, ...(goal === undefined ? {} : { goal }) });
  };
  const console = await openConsole(desk);
  const browser = await openBrowser();
  try {
    const { page } = browser;
    await paints(page, console.url, desk, figure);
    await changes(page, figure);
    await scrolling(page, figure);
    await answers(desk, size, figure);
    figure('load of the machine', load(), '');
  } finally {
    await browser.close();
    await console.close();
  }
  return figures;
}

type Tell = (name: string, value: number, unit: string, goal?: Figure['goal']) => void;

const todayShown = `document.querySelector('section[aria-label="Safe completion"]') !== null`;

async function paints(page: Page, url: string, desk: Desk, figure: Tell): Promise<void> {
  await page.goto(url);
  figure('navigation to sign-in on the screen', await untilSignIn(page), 'ms', PAINT_GOAL);
  const choice = page.getByRole('radio', { name: /Administrator/ });
  if ((await choice.count()) > 0) await choice.check();
  await page.getByRole('textbox', { name: 'Secret' }).fill(secretOf(desk));
  const signedIn = await page.evaluate<number>(
    `(() => { const at = performance.now(); document.querySelector('button[type=submit]').click(); return settled(() => ${todayShown}).then((then) => then - at); })()`,
  );
  figure('sign-in pressed to the figures of Today', signedIn, 'ms');
  const reloads: number[] = [];
  for (let one = 0; one < RELOADS; one += 1) {
    await page.reload();
    reloads.push(await page.evaluate<number>(`settled(() => ${todayShown})`));
  }
  figure('navigation to the figures of Today, signed in', median(reloads), 'ms', PAINT_GOAL);
}

/** From the change of the address, which every tab and filter is, to rows on the screen. */
async function changes(page: Page, figure: Tell): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const list of lists) times.push(await change(page, list));
  }
  figure('filter to rows, median', median(times), 'ms');
  figure('filter to rows, 95 %', quantile(times, 0.95), 'ms', FILTER_GOAL);
}

function change(page: Page, list: string): Promise<number> {
  return page.evaluate<number>(`(() => {
    const before = document.querySelector('[role=grid]');
    const at = performance.now();
    location.hash = ${JSON.stringify(list)};
    return settled(() => {
      const grid = document.querySelector('[role=grid]');
      return grid !== null && grid !== before && grid.querySelector('[role=row][data-id]') !== null;
    }).then((then) => then - at);
  })()`);
}

const scroller = `document.querySelector('[role=grid] > div')`;

async function scrolling(page: Page, figure: Tell): Promise<void> {
  await change(page, '#/queue/all');
  const box = await page.locator('[role=grid] > div').boundingBox();
  if (box === null) throw new Error('no list to scroll');
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const idle = await frames(page, async () => {
    await page.mouse.move(middle.x, middle.y);
    await page.waitForTimeout(2_000);
  });
  figure('frames in time, nothing moves', inTime(idle), '%');
  const wheel = await frames(page, async () => {
    for (let step = 0; step < WHEEL_STEPS; step += 1) await page.mouse.wheel(0, step % 10 === 9 ? 1_600 : 240);
  });
  figure('frames in time, wheel', inTime(wheel), '%', FRAMES_GOAL);
  figure('frame while turning the wheel, 95 %', quantile(wheel, 0.95), 'ms');
  await page.evaluate(`${scroller}.scrollTop = 0`);
  await page.waitForTimeout(300);
  // Below the bar's upper arrow.
  const bar = { x: box.x + box.width - 6, y: box.y + 22 };
  const drag = await frames(page, async () => {
    await page.mouse.move(bar.x, bar.y);
    await page.mouse.down();
    for (let step = 0; step <= DRAG_STEPS; step += 1) await page.mouse.move(bar.x, bar.y + (box.height * step) / DRAG_STEPS);
  });
  const atEnd = await page.evaluate<number>(
    `(() => {
      const at = performance.now();
      const seen = ${scroller}.getBoundingClientRect();
      // The row with the focus stays drawn out of sight, and may not be read there.
      const inSight = (row) => { const { top, bottom } = row.getBoundingClientRect(); return bottom > seen.top && top < seen.bottom; };
      const rows = () => [...document.querySelectorAll('[role=grid] [role=row][aria-rowindex]:not([aria-rowindex="1"])')].filter(inSight);
      return settled(() => rows().length > 0 && rows().every((row) => row.dataset.id !== undefined)).then((then) => then - at);
    })()`,
  );
  await page.mouse.up();
  const reached = await page.evaluate<number>(
    `${scroller}.scrollTop / Math.max(1, ${scroller}.scrollHeight - ${scroller}.clientHeight)`,
  );
  if (reached < 0.95) throw new Error(`the thumb was dragged to ${reached} of the list only`);
  figure('frames in time, thumb dragged over the whole list', inTime(drag), '%', FRAMES_GOAL);
  figure('frame while dragging, 95 %', quantile(drag, 0.95), 'ms');
  figure('end of the list to its rows', atEnd, 'ms');
}

/** Times between frames, in ms, while something is done. */
async function frames(page: Page, act: () => Promise<void>): Promise<readonly number[]> {
  await page.evaluate(`(() => {
    window.frameTimes = [];
    window.counting = true;
    const note = (at) => { window.frameTimes.push(at); if (window.counting) requestAnimationFrame(note); };
    requestAnimationFrame(note);
  })()`);
  await act();
  const at = await page.evaluate<number[]>(`(() => { window.counting = false; return window.frameTimes; })()`);
  return at.slice(1).map((time, index) => time - (at[index] ?? time));
}

function inTime(times: readonly number[]): number {
  return (times.filter((time) => time <= FRAME_MS).length / times.length) * 100;
}

/** The bridge's own times over the loopback address: what the window waits for before it can draw anything. */
async function answers(desk: Desk, size: number, figure: Tell): Promise<void> {
  const call = await openCalls(desk);
  const count = limits.queuePageRowsMax / 2;
  const places = { beginning: 0, middle: Math.floor(size / 2), end: size - CALLS * count };
  for (const tab of ['all', 'committed']) {
    for (const [place, first] of Object.entries(places)) {
      const times: number[] = [];
      const from = tab === 'all' ? first : Math.floor(first * 0.85);
      for (let one = 0; one < CALLS; one += 1)
        times.push(await call('queue.page', { tab, filter: {}, from: from + one * count, count }));
      figure(`queue.page, ${tab}, ${place}: first`, times[0] ?? Number.NaN, 'ms');
      figure(`queue.page, ${tab}, ${place}: then, median`, median(times.slice(1)), 'ms');
    }
  }
  for (const method of ['today.read', 'frame.read']) {
    const times: number[] = [];
    for (let one = 0; one < CALLS; one += 1) times.push(await call(method, {}));
    figure(`${method}, median`, median(times), 'ms');
  }
}

/** Opens a window of its own at the bridge and signs in; gives how long a call takes, in ms. */
async function openCalls(desk: Desk): Promise<(method: string, request: unknown) => Promise<number>> {
  const { origin, code } = JSON.parse(readFileSync(path.join(desk.workspace, 'console.json'), 'utf8')) as {
    origin: string;
    code: string;
  };
  const post = async (to: string, body: unknown, token: string | null): Promise<unknown> => {
    const answer = await fetch(`${origin}${to}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin, ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${to} was answered with ${answer.status}`);
    return answer.json();
  };
  const { token } = (await post(consolePaths.exchange, { code }, null)) as { token: string };
  const call = async (method: string, request: unknown): Promise<number> => {
    const at = performance.now();
    const answer = (await post(consolePaths.call, { method, request }, token)) as { ok: boolean };
    if (!answer.ok) throw new Error(`${method} was refused: ${JSON.stringify(answer)}`);
    return performance.now() - at;
  };
  await call('session.sign-in', { person: 'admin', secret: secretOf(desk) });
  return call;
}

function secretOf(desk: Desk): string {
  return desk.env['COUNTERSIGN_USER_SECRET'] ?? '';
}
