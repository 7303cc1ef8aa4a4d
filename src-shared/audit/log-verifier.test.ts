import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Sha256 } from '../domain/index.ts';
import { encodeEnvelope, Frontier, hashBytes, leafHash, LogVerifier, type Envelope, type LogProblem } from './index.ts';
import { hex } from '../domain/index.ts';

// The same few thousand inputs are hashed millions of times here.
const known = new Map<string, Uint8Array>();
const sha256: Sha256 = (bytes) => {
  const key = Buffer.from(bytes).toString('latin1');
  let digest = known.get(key);
  if (digest === undefined) {
    digest = hash('sha256', bytes, 'buffer');
    known.set(key, digest);
  }
  return digest;
};

interface Stored {
  seq: number;
  leafHash: Uint8Array;
  envelope: Uint8Array;
}

interface TestLog {
  readonly rows: Stored[];
  readonly nodes: Map<string, Uint8Array>;
  readonly roots: Uint8Array[];
}

function envelopeAt(seq: number, prev: Uint8Array | null, note: string): Envelope {
  return {
    v: 1,
    tenant: 'north',
    seq,
    type: 'record.viewed',
    stream: `write/${note}`,
    at: 1_000 + seq,
    clock: 'ok',
    actor: 'a',
    actorKind: 'engine',
    role: '',
    subject: '',
    correlation: 'c',
    payload: 'ab'.repeat(hashBytes),
    prev: prev === null ? '' : hex(prev),
  };
}

/** A log of this many entries with its nodes and the root of every size. */
function logOf(size: number, from: TestLog = { rows: [], nodes: new Map(), roots: [] }, note = 'x'): TestLog {
  const rows = [...from.rows];
  const nodes = new Map(from.nodes);
  const tree = Frontier.empty(sha256);
  const roots = [tree.root()];
  rows.forEach((row) => {
    tree.append(row.leafHash);
    roots.push(tree.root());
  });
  for (let seq = rows.length; seq < size; seq += 1) {
    const envelope = encodeEnvelope(envelopeAt(seq, rows.at(-1)?.leafHash ?? null, note));
    const leaf = leafHash(sha256, envelope);
    rows.push({ seq, leafHash: leaf, envelope });
    for (const node of tree.append(leaf)) nodes.set(`${node.level}/${node.index}`, node.hash);
    roots.push(tree.root());
  }
  return { rows, nodes, roots };
}

interface Given {
  readonly rows: readonly Stored[];
  readonly size: number;
  readonly signed: readonly number[];
  readonly nodes?: ReadonlyMap<string, Uint8Array>;
}

function check(log: TestLog, given: Given): readonly LogProblem[] {
  const checkpoints = given.signed.map((size) => ({ size, root: log.roots[size] as Uint8Array }));
  const { nodes } = given;
  const verifier = new LogVerifier({
    sha256,
    tenant: 'north',
    checkpoints,
    ...(nodes === undefined ? {} : { node: (level: number, index: number) => nodes.get(`${level}/${index}`) }),
  });
  for (const row of given.rows) verifier.add(row);
  verifier.finish(given.size);
  return verifier.problems;
}

const whole = logOf(257);
const prefix = (size: number): TestLog => ({ ...whole, rows: whole.rows.slice(0, size) });
const row = (seq: number): Stored => whole.rows[seq] as Stored;

/** An entry with other content; `complete` also records the hash of it, as someone with the key would. */
function altered(seq: number, complete: boolean): Stored {
  const prev = seq === 0 ? null : row(seq - 1).leafHash;
  const envelope = encodeEnvelope(envelopeAt(seq, prev, 'other'));
  return { seq, envelope, leafHash: complete ? leafHash(sha256, envelope) : row(seq).leafHash };
}

const replaced = (rows: readonly Stored[], ...news: readonly Stored[]): Stored[] =>
  rows.map((one) => news.find((other) => other.seq === one.seq) ?? one);

describe('H2 a log is checked entry by entry', () => {
  const sizes = Array.from({ length: 258 }, (_, size) => size);

  it('H2 finds nothing in an untouched log of any size from 0 to 257', () => {
    for (const size of sizes) {
      const log = prefix(size);
      expect(check(log, { rows: log.rows, size, signed: [size], nodes: log.nodes })).toEqual([]);
    }
  });

  it('H2 names every single entry changed in its bytes as soon as it is read, and so in a log of any size', () => {
    const checkpoints = sizes.map((size) => ({ size, root: whole.roots[size] as Uint8Array }));
    for (const changed of whole.rows.map((_, seq) => altered(seq, false))) {
      const verifier = new LogVerifier({ sha256, tenant: 'north', checkpoints });
      const expected = [{ code: 'entry-changed', seq: changed.seq, until: changed.seq }];
      for (const one of whole.rows.slice(0, changed.seq)) verifier.add(one);
      expect(verifier.problems).toEqual([]);
      verifier.add(changed);
      expect(verifier.problems).toMatchObject(expected);
      for (const one of whole.rows.slice(changed.seq + 1)) verifier.add(one);
      verifier.finish(257);
      expect(verifier.problems).toMatchObject(expected);
    }
  }, 60_000);

  it('H2 names every single entry changed together with its recorded hash', () => {
    for (const size of [1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 33, 64, 65, 128, 255, 256, 257]) {
      for (let seq = 0; seq < size; seq += 1) {
        for (const nodes of [undefined, whole.nodes]) {
          const given = { rows: replaced(whole.rows.slice(0, size), altered(seq, true)), size, signed: [size] };
          const problems = check(whole, nodes === undefined ? given : { ...given, nodes });
          expect(problems).not.toEqual([]);
          for (const problem of problems)
            expect(problem.seq <= seq && problem.until >= seq, JSON.stringify({ size, seq, problem })).toBe(true);
          // Whoever has a neighbour behind it is named exactly; the last one as the stretch since the last signed root.
          if (seq < size - 2)
            expect(problems.map((one) => [one.code, one.seq, one.until])).toEqual([['entry-changed', seq, seq]]);
        }
      }
    }
  }, 120_000);

  it('H2 narrows a change of the last entry to the stretch since the last signed root that fits', () => {
    const rows = replaced(whole.rows.slice(0, 100), altered(99, true));
    expect(check(whole, { rows, size: 100, signed: [50, 90, 100] })).toMatchObject([
      { code: 'checkpoint-mismatch', seq: 90, until: 99 },
    ]);
    expect(check(whole, { rows, size: 100, signed: [50, 90, 100], nodes: whole.nodes })).toMatchObject([
      { code: 'node-changed', seq: 98, until: 99 },
    ]);
  });

  it('H2 finds a log rewritten from some entry on, chain, hashes and nodes included', () => {
    for (const from of [0, 1, 40, 63, 99]) {
      const forged = logOf(120, logOf(from), 'forged');
      const problems = check(whole, { rows: forged.rows, size: 120, signed: [20, 60, 100, 120], nodes: forged.nodes });
      const firstBad = [20, 60, 100, 120].find((size) => size > from) as number;
      const lastGood = [0, 20, 60, 100].filter((size) => size <= from).at(-1) as number;
      expect(problems[0]).toMatchObject({ code: 'checkpoint-mismatch', seq: lastGood, until: firstBad - 1 });
    }
  });

  it('H2 shows two separate changes, the first not hiding the second', () => {
    const rows = replaced(whole.rows.slice(0, 200), altered(30, true), altered(31, false), altered(150, true));
    const problems = check(whole, { rows, size: 200, signed: [50, 100, 200], nodes: whole.nodes });
    expect(problems.map((one) => one.seq)).toEqual(expect.arrayContaining([31, 150]));
  });

  it('H2 finds every swap of two entries', () => {
    for (const size of [2, 3, 8, 9, 33]) {
      for (let a = 0; a < size; a += 1) {
        for (let b = a + 1; b < size; b += 1) {
          const rows = replaced(whole.rows.slice(0, size), { ...row(b), seq: a }, { ...row(a), seq: b });
          const problems = check(whole, { rows, size, signed: [size], nodes: whole.nodes });
          expect(problems.filter((one) => one.code === 'entry-misplaced').map((one) => one.seq)).toEqual([a, b]);
        }
      }
    }
    for (const size of sizes.filter((one) => one >= 2)) {
      const [a, b] = [Math.floor(size / 3), size - 1];
      const rows = replaced(whole.rows.slice(0, size), { ...row(b), seq: a }, { ...row(a), seq: b });
      expect(check(whole, { rows, size, signed: [size] }).map((one) => one.seq)).toEqual(expect.arrayContaining([a, b]));
    }
  });

  it('H2 finds every removal, with and without the rest moved up', () => {
    for (const size of sizes.filter((one) => one >= 1)) {
      for (const gone of new Set([0, 1, Math.floor(size / 2), size - 1].filter((seq) => seq < size))) {
        const rest = whole.rows.slice(0, size).filter((one) => one.seq !== gone);
        const left = check(whole, { rows: rest, size, signed: [size], nodes: whole.nodes });
        expect(left).toMatchObject([{ code: gone === size - 1 ? 'log-truncated' : 'entry-missing', seq: gone, until: gone }]);
        const movedUp = rest.map((one, seq) => ({ ...one, seq }));
        const moved = check(whole, { rows: movedUp, size: size - 1, signed: [size] });
        expect(moved[0]?.seq).toBe(gone);
        expect(moved.some((one) => one.code === 'log-truncated')).toBe(true);
      }
    }
  });

  it('H2 finds every truncation against the recorded length and against a signed root', () => {
    for (const size of sizes.filter((one) => one >= 1)) {
      for (const kept of new Set([0, Math.floor(size / 2), size - 1])) {
        const rows = whole.rows.slice(0, kept);
        const expected = [{ code: 'log-truncated', seq: kept, until: size - 1 }];
        expect(check(whole, { rows, size, signed: [] })).toMatchObject(expected);
        expect(check(whole, { rows, size: kept, signed: [size] })).toMatchObject(expected);
      }
    }
  });

  it('H2 finds entries of another log, time that goes back, and a changed node', () => {
    const foreign = encodeEnvelope({ ...envelopeAt(5, row(4).leafHash, 'x'), tenant: 'south' });
    const early = encodeEnvelope({ ...envelopeAt(5, row(4).leafHash, 'x'), at: 1 });
    const first = whole.rows.slice(0, 5);
    const add = (envelope: Uint8Array): Stored[] => [...first, { seq: 5, envelope, leafHash: leafHash(sha256, envelope) }];
    expect(check(whole, { rows: add(foreign), size: 6, signed: [] })).toMatchObject([{ code: 'entry-misplaced', seq: 5 }]);
    expect(check(whole, { rows: add(early), size: 6, signed: [] })).toMatchObject([{ code: 'time-reversed', seq: 5 }]);
    const nodes = new Map(whole.nodes).set('2/3', new Uint8Array(hashBytes));
    expect(check(whole, { rows: whole.rows, size: 257, signed: [257], nodes })).toMatchObject([
      { code: 'node-changed', seq: 12, until: 15 },
    ]);
    nodes.delete('2/3');
    expect(check(whole, { rows: whole.rows, size: 257, signed: [257], nodes })).toMatchObject([
      { code: 'node-changed', seq: 12, until: 15 },
    ]);
  });
});
