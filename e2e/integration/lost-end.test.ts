import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { acceptLossOfDay, CrashDesk, reopened, workThroughDay } from '../support/crash.ts';
import { effects } from '../support/set-up.ts';
import type { Commit } from '../../src-main/ports/outbound/index.ts';
import { workspaceLog, type StateName, type WriteMoved } from '../../src-shared/domain/index.ts';

/**
 * FLT-13 FLT-17: a ledger that comes back shorter than it was, and is gone on with. The practice EHR overlooks `If-None-Exist`,
 * so that nothing but looking first keeps a second entry out.
 */

let desk: CrashDesk;
beforeAll(async () => {
  desk = await CrashDesk.open();
});
afterAll(() => desk.close());

const LEDGER = /^(?:ledger|payload-keys)\.db/;

/**
 * Works through a day and puts the ledger back as it was at one of its commits.
 *
 * @param kept what beside the ledger stays as it was at the end of the day: the note of its length, or the checkpoints as well
 */
async function lostDay(kept: 'tail' | 'tail and checkpoints', at: (commit: Commit) => boolean): Promise<string> {
  const folder = desk.fresh();
  const then = `${folder}-then`;
  await workThroughDay(folder, undefined, (commit) => {
    if (!at(commit)) return;
    rmSync(then, { recursive: true, force: true });
    cpSync(folder, then, { recursive: true });
  });
  for (const name of readdirSync(folder)) if (LEDGER.test(name)) rmSync(path.join(folder, name));
  for (const name of readdirSync(then)) if (LEDGER.test(name)) cpSync(path.join(then, name), path.join(folder, name));
  if (kept === 'tail') {
    rmSync(path.join(folder, 'checkpoints'), { recursive: true, force: true });
    mkdirSync(path.join(folder, 'checkpoints'));
    cpSync(path.join(then, 'checkpoints'), path.join(folder, 'checkpoints'), { recursive: true });
  }
  return folder;
}

const moves = (commit: Commit, name: StateName): boolean =>
  commit.entries.some(({ body }) => 'moves' in body && (body as WriteMoved).moves.at(-1)?.name === name);
const taken = (commit: Commit): boolean => commit.entries.some(({ type }) => type === 'event.received');

describe('FLT-13 FLT-17 a ledger that lost its end', () => {
  it.each([
    ['its WAL, when everything was taken in and nothing sent', 'tail', taken, 'ledger-tail-lost', 0],
    ['its WAL, when requests were ready', 'tail', (commit: Commit) => moves(commit, 'pending'), 'ledger-tail-lost', 1],
    ['an older copy', 'tail and checkpoints', taken, 'ledger-rolled-back', 0],
    [
      'an older copy with a write under way',
      'tail and checkpoints',
      (commit: Commit) => moves(commit, 'in-flight'),
      'ledger-rolled-back',
      0,
    ],
  ] as const)(
    'C4 C5 %s: refused, and once accepted every write is in the chart once and the log verifies',
    async (_what, kept, at, code, ready) => {
      const folder = await lostDay(kept, at);
      await expect(reopened(folder, () => Promise.resolve())).rejects.toMatchObject({ code });
      const { logs, looked } = await acceptLossOfDay(folder);
      expect(logs.some(({ had, has }) => had > has)).toBe(true);
      expect(looked.found).toBeGreaterThanOrEqual(ready);
      expect(looked).toMatchObject({ absent: 0, unclear: 0 });
      // Handed in again, approved again, and worked through: it verifies at its end.
      await workThroughDay(folder);
      const counted = await effects(desk.ehr.controlUrl);
      await reopened(folder, async (ledger) => {
        const rows = await ledger.writes({ limit: 100 });
        expect(rows.map(({ state }) => state.name)).toEqual(['committed', 'committed', 'committed', 'committed']);
        expect(rows.map(({ id }) => counted.get(id))).toEqual([1, 1, 1, 1]);
        const told = await ledger.entries(workspaceLog, { stream: 'workspace' }, 10);
        expect(told.at(-1)).toMatchObject({
          type: 'ledger.loss-accepted',
          body: {
            by: 'dr-lee',
            reason: 'the disk failed',
            logs: expect.arrayContaining(logs.map((log) => expect.objectContaining(log))) as unknown,
          },
        });
      });
      rmSync(folder, { recursive: true, force: true });
      rmSync(`${folder}-then`, { recursive: true, force: true });
    },
    120_000,
  );

  it('INV-9 keeps the checkpoints that were signed over what is lost, and never signs another root for their sizes', async () => {
    const folder = await lostDay('tail and checkpoints', taken);
    await acceptLossOfDay(folder);
    await workThroughDay(folder);
    const checkpoints = path.join(folder, 'checkpoints');
    const notes = (name: string): ReadonlyMap<number, string> => {
      const lines = readFileSync(path.join(checkpoints, name), 'utf8').split('\n');
      return new Map(lines.flatMap((line, at) => (at % 5 === 1 ? [[Number(line), lines[at + 1] ?? '']] : [])));
    };
    const apart = readdirSync(checkpoints).filter((name) => name.endsWith('.lost'));
    expect(apart.length).toBeGreaterThan(0);
    for (const name of apart) {
      const signed = notes(name.replace(/\.lost$/, '.log'));
      for (const size of notes(name).keys()) expect(signed.has(size)).toBe(false);
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it('C5 a ledger that lost nothing has nothing to accept', async () => {
    const folder = desk.fresh();
    await expect(acceptLossOfDay(folder)).rejects.toThrow('nothing was lost');
  });
});
