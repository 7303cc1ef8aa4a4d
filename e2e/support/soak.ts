import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { chartBundle, eventLine, patients, type TestPatient } from './chart.ts';
import type { Desk } from './command-line.ts';
import { openLedger } from './ledger.ts';
import { as, effects, setFaults, setUp } from './set-up.ts';
import type { EntryBodies, StateName } from '../../src-shared/domain/index.ts';

/**
 * Writes over HTTP into a practice EHR that shows every fault it has, by an engine process that is killed with kill -9 again
 * and again until everything has settled. What counts is what the chart holds in the end.
 */

/** One write in so many changes a patient, needs a person's approval, and may meet another author. */
const WRITES_PER_CHANGE = 500;
const WRITES_PER_PATIENT = 40;
const WRITES_PER_PAGE = 40;
const POLL_MS = 50;

/**
 * Every kind of fault. Measurements go where `If-None-Exist` is never looked at, so that nothing but the engine keeps a second
 * one out. Three faults are kept apart by resource type: a proxy that repeats a request, and an EHR that finds late or
 * not at all what a conditional create asks for, are together a second entry that nobody sending one request can prevent.
 */
export const soakFaults = {
  seed: 7,
  faults: [
    { kind: 'lost-reply', probability: 0.05, method: ['POST', 'PUT'] },
    { kind: 'timeout-before', probability: 0.01, method: ['POST'], holdMs: 200 },
    { kind: 'reset-mid-body', probability: 0.03, method: ['POST', 'PUT'] },
    {
      kind: 'duplicate-request',
      probability: 0.03,
      method: ['POST'],
      types: ['DocumentReference'],
      answer: 'second',
      delayMs: 5,
    },
    { kind: 'status', probability: 0.02, method: ['POST'], status: 503, committed: true },
    { kind: 'status', probability: 0.01, method: ['POST'], status: 503, committed: false, retryAfter: 'garbage' },
    { kind: 'status', probability: 0.01, method: ['POST'], status: 429, retryAfter: 'seconds' },
    { kind: 'status', probability: 0.02, method: ['GET'], status: 503 },
    { kind: 'stale-version', probability: 0.3, method: ['PUT'] },
    { kind: 'search-lag', probability: 0.5, types: ['Observation'], lagMs: 300 },
    { kind: 'drop-field', probability: 0.01, types: ['Observation'], method: ['POST'], fields: ['effectiveDateTime'] },
    { kind: 'ignored-search-parameter', probability: 0.02, method: ['GET'], parameters: ['identifier'] },
    { kind: 'ok-with-error-outcome', probability: 0.01, method: ['POST'] },
    { kind: 'ok-with-error-outcome', probability: 0.01, method: ['POST'], committed: true },
    { kind: 'accepted-202', probability: 0.02, method: ['POST'], delayMs: 100 },
    { kind: 'slow', probability: 0.05, delayMs: 60 },
    { kind: 'no-location', probability: 0.03, method: ['POST'] },
    { kind: 'duplicate-create-race', probability: 1, method: ['POST'], types: ['Observation'] },
  ],
};

export interface SoakOptions {
  readonly writes: number;
  /**
   * When an engine is killed: once the EHR has had so many requests from it, and so much time has passed since the first of
   * them. `null`: it is left alone from now on.
   */
  readonly nextKill: (kill: number) => { readonly requests: number; readonly ms: number } | null;
}

export interface SoakResult {
  readonly writes: number;
  readonly kills: number;
  /** Writes whose outcome the engine could not know at least once: it was killed while they were in flight, or it was not told. */
  readonly ambiguous: number;
  /** Of those, the ones that were in flight when the engine was killed. */
  readonly inFlightAtKill: number;
  /** Chart entries beyond the first, by the chart's own count. */
  readonly duplicates: number;
  /** Writes that are nowhere: neither in the chart nor with a person, or charted by the ledger and not in the chart. */
  readonly lost: readonly string[];
  /** Chart entries whose content is not what was approved and that the ledger calls verified. */
  readonly altered: readonly string[];
  /** Chart entries from which the EHR dropped something, all of which the ledger names as differing. */
  readonly dropped: number;
  readonly states: Readonly<Record<string, number>>;
  /** Faults that never struck, by kind. */
  readonly unmet: readonly string[];
  readonly struck: number;
  readonly logWhole: boolean;
  /** From the first start of the engine until everything had settled. */
  readonly seconds: number;
}

interface Write {
  readonly id: string;
  readonly eventId: string;
  readonly kind: string;
  readonly resourceType: string;
  readonly state: StateName;
  readonly code: string | null;
  readonly verification: string | null;
}

/** States in which a write waits for a person, who is told what is the matter. */
const WITH_A_PERSON: readonly StateName[] = ['conflict', 'awaiting-approval', 'failed-terminal', 'unknown', 'held'];

/** Runs the whole of it in a desk of its own, which the caller closes. */
export async function soak(desk: Desk, options: SoakOptions): Promise<SoakResult> {
  const people = Array.from({ length: Math.max(6, Math.round(options.writes / WRITES_PER_PATIENT)) }, (_, index) =>
    person(index),
  );
  const { baseUrl, controlUrl } = await setUp(desk, [desk.file('chart.json', chartBundle([], people))]);
  const events = eventLines(options.writes, people);
  const receipts = await desk.lines<{ status: string; writes: string[] }>([
    'ingest',
    desk.file('events.ndjson', events.join('\n')),
  ]);
  const refused = receipts.filter(({ status }) => status !== 'accepted');
  if (refused.length > 0) throw new Error(`${refused.length} events were not taken in`);
  await setFaults(controlUrl, soakFaults);

  const startedAt = performance.now();
  let kills = 0;
  for (let round = 0; ; round += 1) {
    kills = await runUntilDrained(desk, controlUrl, kills, options);
    if (round > 0) break;
    await approveWaiting(desk);
  }
  const seconds = (performance.now() - startedAt) / 1000;

  const { faults: met } = await stats(controlUrl);
  await setFaults(controlUrl, { faults: [] });
  const writes = await listWrites(desk);
  const ids = new Set(receipts.flatMap((receipt) => receipt.writes));
  const counted = await effects(controlUrl);
  const log = await desk.json<{ ok: boolean }>(['audit', 'verify']);
  const states: Record<string, number> = {};
  for (const { state, code } of writes) {
    const name = code === null ? state : `${state} ${code}`;
    states[name] = (states[name] ?? 0) + 1;
  }
  return {
    writes: ids.size,
    kills,
    ...(await ambiguousIn(desk)),
    duplicates: [...counted].reduce((sum, [id, count]) => sum + (ids.has(id) ? count - 1 : count), 0),
    lost: [...ids].filter((id) =>
      isLost(
        writes.find((one) => one.id === id),
        counted.get(id) ?? 0,
      ),
    ),
    ...(await compared(baseUrl, writes, new Map(events.map((line) => contentOf(line))))),
    states,
    unmet: met.filter(({ fired }) => fired === 0).map(({ kind }) => kind),
    struck: met.reduce((sum, { fired }) => sum + fired, 0),
    logWhole: log.ok,
    seconds,
  };
}

function isLost(write: Write | undefined, inChart: number): boolean {
  if (write === undefined) return true;
  if (write.state === 'committed') return inChart === 0;
  return !WITH_A_PERSON.includes(write.state);
}

function person(index: number): TestPatient {
  const [like] = patients;
  return {
    birthDate: '1967-02-11',
    gender: 'male',
    ...like,
    id: `soak-${index}`,
    family: `Soak${index}`,
    given: `Given${index}`,
  };
}

/** A note with a measurement each, until there are as many writes as asked for, and every few hundred a change of a patient. */
function eventLines(writes: number, people: readonly TestPatient[]): readonly string[] {
  const lines: string[] = [];
  const changes = Math.max(2, Math.round(writes / WRITES_PER_CHANGE));
  for (let index = 0; index * 2 < writes - changes; index += 1) {
    const content = JSON.stringify({
      note: { title: 'Visit note', type: { system: 'http://loinc.org', code: '11506-3' }, text: noteText(index) },
      observations: [
        {
          code: { system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' },
          value: heartRate(index),
          unit: '/min',
          // Each at a moment of its own: the same one twice would be held for a person.
          effectiveAt: new Date(Date.UTC(2026, 2, 1) + index * 1000).toISOString(),
        },
      ],
    });
    lines.push(eventLine({ id: `soak:${index}`, content, ...patientOf(index, people) }));
  }
  for (let index = 0; index < changes; index += 1) {
    const content = JSON.stringify({ demographics: { telecom: [{ system: 'phone', value: `555-${1000 + index}` }] } });
    lines.push(eventLine({ id: `soak:change:${index}`, content, ...patientOf(index, people) }));
  }
  return lines;
}

function patientOf(index: number, people: readonly TestPatient[]): { readonly patient?: TestPatient } {
  const patient = people[index % people.length];
  return patient === undefined ? {} : { patient };
}

const noteText = (index: number): string =>
  `Visit ${index}: two weeks of cough without fever; lungs clear; return in ${index % 9} weeks.`;
/** With digits that a number read and written again would lose. */
const heartRate = (index: number): string => `${60 + (index % 40)}.${index % 10}0`;

function contentOf(line: string): readonly [eventId: string, content: EventContent] {
  const { id, content } = JSON.parse(line) as { id: string; content: EventContent };
  return [id, content];
}

interface EventContent {
  readonly note?: { readonly text: string };
  readonly observations?: readonly { readonly value: string }[];
}

async function runUntilDrained(desk: Desk, controlUrl: string, killed: number, { nextKill }: SoakOptions): Promise<number> {
  let kills = killed;
  for (;;) {
    const engine = desk.start(['--json', 'run', '--drain']);
    const words: Buffer[] = [];
    engine.stderr?.on('data', (chunk: Buffer) => words.push(chunk));
    engine.stdout?.resume();
    const gone = new Promise<void>((resolve) => engine.once('exit', () => resolve()));
    const when = nextKill(kills);
    if (when !== null && (await isTime(controlUrl, engine, when)) && engine.exitCode === null && engine.kill('SIGKILL'))
      kills += 1;
    await gone;
    if (engine.signalCode !== null) continue;
    if (engine.exitCode === 0) return kills;
    throw new Error(`the engine ended with ${engine.exitCode}: ${Buffer.concat(words).toString('utf8')}`);
  }
}

/** `false`: the engine ended before. */
async function isTime(controlUrl: string, engine: ChildProcess, when: { requests: number; ms: number }): Promise<boolean> {
  const before = (await stats(controlUrl)).requests.total;
  let firstAt: number | null = null;
  while (engine.exitCode === null) {
    const requests = (await stats(controlUrl)).requests.total - before;
    if (requests > 0) firstAt ??= performance.now();
    if (firstAt !== null && requests >= when.requests && performance.now() - firstAt >= when.ms) return true;
    await sleep(POLL_MS);
  }
  return false;
}

interface Stats {
  readonly requests: { readonly total: number };
  readonly faults: readonly { readonly kind: string; readonly fired: number }[];
}

async function stats(controlUrl: string): Promise<Stats> {
  return (await (await fetch(`${controlUrl}/stats`)).json()) as Stats;
}

async function listWrites(desk: Desk, ...filter: readonly string[]): Promise<readonly Write[]> {
  return desk.lines<Write>(['writes', '--limit', '100000000', ...filter]);
}

async function approveWaiting(desk: Desk): Promise<void> {
  const { args, env } = as('dr-okafor');
  for (const { id } of await listWrites(desk, '--state', 'awaiting-approval')) await desk.ok(['approve', id, ...args], env);
}

/** What the log says: whose outcome was not known at least once. */
async function ambiguousIn(desk: Desk): Promise<{ readonly ambiguous: number; readonly inFlightAtKill: number }> {
  const { ledger } = await openLedger(desk);
  try {
    const ambiguous = new Set<string>();
    const recovered = new Set<string>();
    for (const tenant of await ledger.tenants()) {
      for (let seq = 0; ; seq += 1) {
        const entry = await ledger.entry(tenant, seq);
        if (entry === undefined) break;
        if (entry.type !== 'write.settled' && entry.type !== 'write.recovered') continue;
        const { id, moves } = entry.body as EntryBodies['write.settled'];
        if (entry.type === 'write.recovered') recovered.add(id);
        if (moves.some(({ name }) => name === 'unknown')) ambiguous.add(id);
      }
    }
    return { ambiguous: ambiguous.size, inFlightAtKill: recovered.size };
  } finally {
    await ledger.close();
  }
}

interface ChartEntry {
  readonly identifier: readonly { readonly system: string; readonly value: string }[];
  readonly effectiveDateTime?: string;
  readonly content?: readonly { readonly attachment: { readonly data: string } }[];
  /** The digits, as they stand. */
  readonly valueQuantity?: { readonly value: string };
}

/** Holds every charted note and measurement against what was approved, to the last character and digit. */
async function compared(
  baseUrl: string,
  writes: readonly Write[],
  contents: ReadonlyMap<string, EventContent>,
): Promise<{ readonly altered: readonly string[]; readonly dropped: number }> {
  const altered: string[] = [];
  let dropped = 0;
  for (const type of ['DocumentReference', 'Observation']) {
    const charted = writes.filter((one) => one.resourceType === type && one.state === 'committed');
    for (let from = 0; from < charted.length; from += WRITES_PER_PAGE) {
      const page = charted.slice(from, from + WRITES_PER_PAGE);
      const found = await chartEntries(baseUrl, type, page);
      for (const write of page) {
        const entry = found.get(write.id);
        const content = contents.get(write.eventId);
        const whole = entry !== undefined && content !== undefined && isAsApproved(entry, content);
        const lacks = type === 'Observation' && entry?.effectiveDateTime === undefined;
        if (lacks) dropped += 1;
        if (!whole || (lacks && write.verification === 'verified')) altered.push(write.id);
      }
    }
  }
  return { altered, dropped };
}

function isAsApproved(entry: ChartEntry, { note, observations }: EventContent): boolean {
  const data = entry.content?.[0]?.attachment.data;
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8') === note?.text;
  return entry.valueQuantity?.value === observations?.[0]?.value;
}

async function chartEntries(baseUrl: string, type: string, writes: readonly Write[]): Promise<ReadonlyMap<string, ChartEntry>> {
  const names = writes.map(({ id }) => `urn:countersign:write|${id}`).join(',');
  const answer = await fetch(`${baseUrl}/${type}?identifier=${encodeURIComponent(names)}&_count=${WRITES_PER_PAGE * 2}`);
  // The reviver is given the characters of each number: 72.50 stays 72.50.
  const bundle = JSON.parse(await answer.text(), function (this: unknown, _key: string, value: unknown, ...rest: unknown[]) {
    const context = rest[0] as { source?: string } | undefined;
    return typeof value === 'number' ? context?.source : value;
  }) as { entry?: { resource: ChartEntry }[] };
  return new Map(
    (bundle.entry ?? []).map(({ resource }) => [
      resource.identifier.find(({ system }) => system === 'urn:countersign:write')?.value ?? '',
      resource,
    ]),
  );
}
