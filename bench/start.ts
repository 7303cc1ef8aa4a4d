// How long it takes until there is an engine, and until there is a window, on ledgers of growing size; and until an engine that was
// killed with writes in flight has taken them up again.
import { createServer, request as forward, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openBrowser, openConsole, untilSignIn } from './browser.ts';
import { filled } from './filled.ts';
import type { Entry, LedgerReader } from '../src-main/ports/outbound/index.ts';
import { workspaceLog, type EntryType } from '../src-shared/domain/index.ts';
import type { Desk } from '../e2e/support/command-line.ts';
import { openLedger } from '../e2e/support/ledger.ts';
import { eventRecord, load, median, startFixedEhr, type Figure } from './support.ts';

const SIZES = [10_000, 100_000];
const FULL_SIZES = [...SIZES, 1_000_000];
const TRIES = 3;
const START_GOAL = { at: 'most', value: 2 } as const;
const RECOVERY_GOAL = { at: 'most', value: 3 } as const;
const TENANT = 'bench';
const CONNECTION = 'visits';
const IN_FLIGHT = 24;

export async function run(full: boolean): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const size of full ? FULL_SIZES : SIZES) figures.push(...(await ofSize(size)));
  return figures;
}

async function ofSize(size: number): Promise<readonly Figure[]> {
  const { desk, fillSeconds, megabytes } = await filled(size);
  const figures: Figure[] = [];
  const add = (name: string, value: number, unit: string, goal?: Figure['goal']): void => {
    figures.push({ name: `${size} writes: ${name}`, value, unit, ...(goal === undefined ? {} : { goal }) });
  };
  add('filling the ledger', fillSeconds, 's');
  add('files of the workspace', megabytes, 'MB');
  const engine: EngineStart[] = [];
  for (let one = 0; one < TRIES; one += 1) engine.push(await engineStart(desk));
  add('passphrase to key', median(engine.map(({ passphrase }) => passphrase)), 's');
  add('engine: process to engine.started', median(engine.map(({ started }) => started)), 's', START_GOAL);
  add('engine: process to drained and gone', median(engine.map(({ gone }) => gone)), 's');
  const windows: WindowStart[] = [];
  for (let one = 0; one < TRIES; one += 1) windows.push(await windowStart(desk));
  add('console: process to its address', median(windows.map(({ address }) => address)), 's');
  add('console: process to sign-in on the screen', median(windows.map(({ signIn }) => signIn)), 's', START_GOAL);
  const { writes, last, took } = await recovery(desk);
  add('writes in flight at kill -9', writes, '');
  add('restart to the last of them taken up', last, 's', RECOVERY_GOAL);
  add('restart to drained and gone', took, 's');
  add('load of the machine', load(), '');
  return figures;
}

interface EngineStart {
  readonly passphrase: number;
  readonly started: number;
  readonly gone: number;
}

/** The engine on a ledger with nothing to do. When it started is what the log says. */
async function engineStart(desk: Desk): Promise<EngineStart> {
  const startedAt = Date.now();
  await desk.ok(['run', '--drain']);
  const gone = (Date.now() - startedAt) / 1000;
  const { ledger, passphraseSeconds } = await openLedger(desk);
  try {
    const [started] = await entriesSince(ledger, workspaceLog, 'engine.started', startedAt);
    if (started === undefined) throw new Error('the log has no start of the engine');
    return { passphrase: passphraseSeconds, started: (started.at - startedAt) / 1000, gone };
  } finally {
    await ledger.close();
  }
}

interface WindowStart {
  readonly address: number;
  readonly signIn: number;
}

/** The console, and a browser that is open already going to its address. */
async function windowStart(desk: Desk): Promise<WindowStart> {
  const browser = await openBrowser();
  try {
    const startedAt = performance.now();
    const console = await openConsole(desk);
    const address = (performance.now() - startedAt) / 1000;
    await browser.page.goto(console.url);
    await untilSignIn(browser.page);
    const signIn = (performance.now() - startedAt) / 1000;
    await console.close();
    return { address, signIn };
  } finally {
    await browser.close();
  }
}

/** Kills the engine while the EHR keeps its requests unanswered, and starts another. */
async function recovery(desk: Desk): Promise<{ readonly writes: number; readonly last: number; readonly took: number }> {
  const ehr = await startFixedEhr();
  const held = await holdPosts(ehr.origin);
  try {
    await desk.ok(['connection', 'add', CONNECTION, '--adapter', 'generic-r4', '--base-url', `${held.origin}/0/fhir`]);
    await desk.ok(['person', 'add', 'dr-bench', '--name', 'Dr Bench', '--role', 'clinician']);
    const lines = Array.from({ length: IN_FLIGHT }, (_, index) =>
      eventRecord(index, IN_FLIGHT, true).replace('{', `{"targets":[{"connection":"${CONNECTION}"}],`),
    );
    await desk.ok(['ingest', desk.file('events.ndjson', lines.join('\n'))]);
    const engine = desk.start(['run', '--drain']);
    const gone = new Promise((resolve) => engine.once('exit', resolve));
    await Promise.race([held.reached(IN_FLIGHT), gone]);
    engine.kill('SIGKILL');
    await gone;
    held.release();
    const startedAt = Date.now();
    await desk.run(['run', '--drain', '--max-seconds', '60']);
    const took = (Date.now() - startedAt) / 1000;
    const { ledger } = await openLedger(desk);
    try {
      const recovered = await entriesSince(ledger, TENANT, 'write.recovered', startedAt);
      const at = Math.max(...recovered.map((entry) => entry.at));
      return { writes: recovered.length, last: (at - startedAt) / 1000, took };
    } finally {
      await ledger.close();
    }
  } finally {
    await held.close();
    await ehr.stop();
  }
}

async function entriesSince(ledger: LedgerReader, log: string, type: EntryType, since: number): Promise<readonly Entry[]> {
  const found: Entry[] = [];
  for (let seq = 0; ; seq += 1) {
    const entry = await ledger.entry(log, seq);
    if (entry === undefined) return found;
    if (entry.type === type && entry.at >= since) found.push(entry);
  }
}

/** In front of an EHR: passes everything on but POSTs, which get no answer until they are released. */
async function holdPosts(origin: string): Promise<{
  readonly origin: string;
  reached(count: number): Promise<void>;
  release(): void;
  close(): Promise<void>;
}> {
  let holding = true;
  let posts = 0;
  let waiting: { readonly count: number; readonly resolve: () => void } | null = null;
  const server: Server = createServer((request, response) => {
    if (request.method === 'POST' && holding) {
      posts += 1;
      if (waiting !== null && posts >= waiting.count) waiting.resolve();
      request.on('error', () => response.destroy());
      return;
    }
    const { method, headers } = request;
    const onward = forward(
      `${origin}${request.url ?? ''}`,
      { ...(method === undefined ? {} : { method }), headers: { ...headers, host: new URL(origin).host } },
      (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      },
    );
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    reached: (count) => new Promise((resolve) => (waiting = { count, resolve })),
    release: () => {
      holding = false;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
