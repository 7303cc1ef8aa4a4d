import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { found, killedMaking, makeWorkspace, pointsOfMaking } from '../support/crash-init.ts';
import { sampled } from '../support/crash.ts';
import { failpoints } from '../../src-main/ledger/index.ts';

const ofMaking = failpoints.filter((point) => point.startsWith('create-'));
/** Failpoints after the files have been made that are tried. */
const SAMPLE = 3;

let folder: string;
let points: readonly string[];
beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-making-'));
  points = await pointsOfMaking(path.join(folder, 'whole'));
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('FLT-12 a workspace whose making is killed at a failpoint of its ledger', () => {
  it('C5 comes by every failpoint of making a ledger', () => {
    expect(points.slice(0, ofMaking.length)).toEqual(ofMaking);
  });

  it(
    'C5 H2 is none, says what to do, and is made by starting anew; nothing that was begun is thrown away',
    { timeout: 300_000 },
    async () => {
      // The last ones come by after it was finished: while it is being closed.
      const filling = points.lastIndexOf('tail-noted');
      const later = sampled(filling - ofMaking.length, SAMPLE).map((n) => n + ofMaking.length);
      for (const n of [...ofMaking.map((_, at) => at + 1), ...later]) {
        const own = path.join(folder, String(n));
        expect(await killedMaking(own, n)).toBe(points[n - 1]);
        const begun = readdirSync(own).filter((name) => name.startsWith('key-slots') || name.startsWith('ledger.db'));
        expect(await found(own)).toMatchObject({
          refused: 'workspace-unfinished',
          words: expect.stringContaining('countersign init') as string,
        });
        await makeWorkspace(own);
        expect(await found(own)).toEqual(['person.added']);
        expect(readdirSync(path.join(own, 'unfinished-1'))).toEqual(expect.arrayContaining(begun));
        expect(await makeWorkspace(own).catch((error: unknown) => (error as { code: string }).code)).toBe('workspace-exists');
      }
    },
  );

  it('C5 killed once it was finished, it is whole and opens', { timeout: 60_000 }, async () => {
    const own = path.join(folder, 'closing');
    expect(await killedMaking(own, points.length)).toBe(points.at(-1));
    expect(await found(own)).toEqual(['person.added']);
  });
});
