import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chartBundle, eventLine, noteContent, npi } from './chart.ts';
import { killedChild, type KilledChild } from './killed-child.ts';
import { effects } from './set-up.ts';
import { compose } from '../../src-main/entry/engine.ts';
import { openWithKeys } from '../../src-main/entry/workspace.ts';
import { control, lookForLost, peopleDecide, recordLoss, register, runEngine, takeIn } from '../../src-main/engine/index.ts';
import { openSqliteLedger, type AtFailpoint } from '../../src-main/ledger/index.ts';
import { deriveKeys, systemClock, systemRandom, workspacePaths } from '../../src-main/platform/index.ts';
import { startPracticeEhr, type PracticeEhr } from '../../src-main/practice-ehr/index.ts';
import type { Commit, Ledger, LedgerLists } from '../../src-main/ports/outbound/index.ts';
import { workspaceLog, type Actor } from '../../src-shared/domain/index.ts';

/**
 * The whole way of a few writes on the real encrypted file: taken in, approved, charted, signed, verified. Run in a process
 * that is killed at one failpoint of its ledger, and again to its end, and held against what was acknowledged before the kill
 * and what the practice EHR counts.
 */

export const DOER: Actor = { kind: 'system', id: 'crash' };
/** Not derived from a passphrase: that would be most of the time. */
export const keys = (): ReturnType<typeof deriveKeys> => deriveKeys(Buffer.alloc(32, 7));

/** Two approved where they were made, one of them with a measurement, and one that a person here approves. */
function eventsOf(day: string): readonly string[] {
  const observations = [
    {
      code: { system: 'http://loinc.org', code: '8867-4', display: 'Heart rate' },
      value: '72.50',
      unit: '/min',
      // Measured anew each day: the same measurement twice would be held for a person.
      effectiveAt: new Date(Date.UTC(2026, 2, 2, 8, 50, Number(day))).toISOString(),
    },
  ];
  return [
    eventLine({ id: `${day}:1`, content: JSON.stringify({ ...(JSON.parse(noteContent('One.')) as object), observations }) }),
    eventLine({ id: `${day}:2`, content: noteContent('Two.') }),
    eventLine({ id: `${day}:3`, content: noteContent('Three.'), approvedBy: null }),
  ];
}
const WRITES = 4;

/** A workspace ready for the day, to be copied for each crash, and the practice EHR that all of them write to. */
export class CrashDesk {
  readonly folder: string;
  readonly ehr: PracticeEhr;
  private copies = 0;

  private constructor(folder: string, ehr: PracticeEhr) {
    this.folder = folder;
    this.ehr = ehr;
  }

  static async open(): Promise<CrashDesk> {
    const folder = mkdtempSync(path.join(tmpdir(), 'countersign-crash-'));
    const chart = path.join(folder, 'chart.json');
    writeFileSync(chart, chartBundle());
    const ehr = await startPracticeEhr({
      dataFile: ':memory:',
      load: [chart],
      // `If-None-Exist` is overlooked, so that nothing but the engine keeps a second entry out.
      faults: { faults: [{ kind: 'duplicate-create-race' }] },
    });
    const opened = await openSqliteLedger({
      folder: path.join(folder, 'ready'),
      keys: keys(),
      site: 'crash',
      clock: systemClock,
      random: systemRandom,
      create: true,
    });
    if (!opened.ok) throw new Error(opened.message);
    const registry = register({ ledger: opened.ledger, clock: systemClock, random: systemRandom });
    await registry.person({ id: 'dr-lee', name: 'Dana Lee', roles: ['clinician'], npi, active: true }, '', DOER);
    await registry.source(
      { name: 'scribe-7', tenants: null, types: null, origin: 'ai', approvals: 'medium', owner: 'crash', active: true },
      DOER,
    );
    await registry.connection(
      {
        name: 'practice',
        adapter: 'generic-r4',
        baseUrl: ehr.baseUrl,
        tenants: null,
        environment: 'practice',
        stage: 'limited-auto-write',
        baa: null,
        auth: { kind: 'none' },
        active: true,
        settings: { searchSettleMs: 100 },
      },
      DOER,
    );
    await opened.ledger.close();
    return new CrashDesk(folder, ehr);
  }

  /** A workspace of its own, in which nothing has happened yet. */
  fresh(): string {
    this.copies += 1;
    const copy = path.join(this.folder, String(this.copies));
    cpSync(path.join(this.folder, 'ready'), copy, { recursive: true });
    return copy;
  }

  async close(): Promise<void> {
    await this.ehr.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * Does what is left to be done of the day, and everything again where that does nothing.
 *
 * @param acknowledged called with each commit once it has been acknowledged
 */
export async function workThroughDay(
  folder: string,
  failpoint: AtFailpoint = () => undefined,
  acknowledged: (commit: Commit) => void = () => undefined,
): Promise<void> {
  const workspace = await openWithKeys(workspacePaths(folder), keys(), { failpoint, onCommitted: acknowledged });
  const { deps, close } = compose(workspace);
  try {
    // The folder names the day: writes of different days are different writes in the one chart.
    const records = eventsOf(path.basename(folder)).map((text, index) => ({ file: 'day', line: index + 1, text }));
    for await (const receipt of takeIn(deps)(records, DOER)) {
      if (receipt.status === 'refused') throw new Error(receipt.message);
    }
    const drain = { drain: true, maxMs: null, signal: new AbortController().signal };
    await runEngine(deps)(drain);
    const doctor = await deps.ledger.row('person', workspaceLog, 'dr-lee');
    if (doctor === undefined) throw new Error('nobody approves');
    for (const row of await deps.ledger.writes({ states: ['awaiting-approval'], limit: WRITES })) {
      const outcome = await peopleDecide(deps).approve(row.id, doctor, 'approved for the chart', row.prepared?.sha256 ?? '');
      if (!outcome.ok) throw new Error(outcome.message);
    }
    await runEngine(deps)(drain);
    const report = await deps.ledger.verify();
    if (!report.ok) throw new Error(JSON.stringify(report.problems));
  } finally {
    await close();
  }
}

/**
 * Goes on with the ledger of a day that lost its end, as `audit accept-loss` does, and lets writes go again.
 *
 * @returns how long the logs were and are, and what was found in the chart
 */
export async function acceptLossOfDay(folder: string) {
  const workspace = await openWithKeys(workspacePaths(folder), keys(), { acceptLoss: true });
  const { deps, close } = compose(workspace);
  try {
    const { loss } = workspace;
    if (loss === undefined) throw new Error('nothing was lost');
    if (!(await recordLoss(deps, loss, 'the disk failed', 'dr-lee', DOER))) throw new Error('not recorded');
    loss.settle();
    const looked = await lookForLost(deps, new AbortController().signal, () => undefined);
    const doctor = await deps.ledger.row('person', workspaceLog, 'dr-lee');
    if (doctor === undefined) throw new Error('nobody decides');
    await control(deps).switch('writes', {}, false, 'decided again', doctor, DOER);
    return { logs: loss.logs.map(({ tenant, had, has }) => ({ tenant, had, has })), looked };
  } finally {
    await close();
  }
}

/** What a commit is told as, once it has been acknowledged: one line per entry. */
export function linesOf({ tenant, entries }: Commit): string {
  return entries.map(({ stream, type }) => nameOf(tenant, stream, type)).join('');
}

const nameOf = (...entry: readonly [tenant: string, stream: string, type: string]): string => `${JSON.stringify(entry)}\n`;

/** How many failpoints a day that nothing disturbs comes by, by name. */
export async function countFailpoints(folder: string): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  await workThroughDay(folder, (point) => counts.set(point, (counts.get(point) ?? 0) + 1));
  return counts;
}

export interface CrashOutcome {
  /** The failpoint at which the process was killed; `null`: it came to its end before. */
  readonly point: string | null;
  /** Entries that were acknowledged before the kill. */
  readonly acknowledged: number;
  /** Of those, the ones that the reopened ledger does not hold. */
  readonly lost: readonly string[];
  /** Chart entries beyond the first of each write, by the chart's own count. */
  readonly duplicates: number;
  /** Writes that are not in the chart. */
  readonly uncharted: number;
}

/** Kills a process at the n-th failpoint it comes by, runs another to its end, and compares. */
export async function crashAt(desk: CrashDesk, n: number): Promise<CrashOutcome> {
  const folder = desk.fresh();
  const { told, point } = await killedDay(folder, n);
  const lost = await missing(folder, told);
  await workThroughDay(folder);
  const counted = await effects(desk.ehr.controlUrl);
  const ids = await reopened(folder, async (ledger) => (await ledger.writes({ limit: 100 })).map(({ id }) => id));
  rmSync(folder, { recursive: true, force: true });
  return {
    point,
    acknowledged: told.length,
    lost,
    duplicates: ids.reduce((sum, id) => sum + Math.max(0, (counted.get(id) ?? 0) - 1), 0),
    uncharted: WRITES - ids.filter((id) => counted.has(id)).length,
  };
}

const child = path.join(import.meta.dirname, 'crash-child.ts');

/** A day in a process that is killed at the n-th failpoint it comes by: what it had acknowledged, and where it was killed. */
export function killedDay(folder: string, n: number): Promise<KilledChild> {
  return killedChild(child, folder, n);
}

/** Opens the ledger of a day that is over, or was ended, to look at it. */
export async function reopened<T>(folder: string, look: (ledger: Ledger & LedgerLists) => Promise<T>): Promise<T> {
  const workspace = await openWithKeys(workspacePaths(folder), keys());
  try {
    return await look(workspace.ledger);
  } finally {
    await workspace.close();
  }
}

/** Acknowledged entries that the ledger does not hold, each stream counted by type. */
function missing(folder: string, told: readonly string[]): Promise<readonly string[]> {
  return reopened(folder, async (ledger) => {
    const held = new Map<string, number>();
    const streams = new Set(told.map((line) => JSON.stringify((JSON.parse(line) as string[]).slice(0, 2))));
    for (const one of streams) {
      const [tenant, stream] = JSON.parse(one) as [string, string];
      for (const entry of await ledger.entries(tenant, { stream }, 1_000)) {
        const line = nameOf(tenant, stream, entry.type).trimEnd();
        held.set(line, (held.get(line) ?? 0) + 1);
      }
    }
    return told.filter((line) => {
      const left = (held.get(line) ?? 0) - 1;
      held.set(line, left);
      return left < 0;
    });
  });
}

/** Numbers from 1 to `count`, evenly spread, at most `most` of them, the first and the last among them. */
export function sampled(count: number, most: number): readonly number[] {
  const size = Math.min(count, most);
  return Array.from({ length: size }, (_, index) => 1 + Math.round((index * (count - 1)) / Math.max(1, size - 1)));
}
