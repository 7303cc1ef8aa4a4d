import { hash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { hex, type Sha256 } from '../domain/index.ts';
import {
  consistencyProof,
  emptyRoot,
  Frontier,
  inclusionProof,
  leafHash,
  nodeHash,
  nodeNumber,
  payloadCommitment,
  rootAt,
  verifyConsistency,
  verifyInclusion,
  type NodeReader,
} from './index.ts';

// The same nodes are hashed again and again here.
const known = new Map<string, Uint8Array>();
const sha256: Sha256 = (bytes) => {
  const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
  let digest = known.get(key);
  if (digest === undefined) {
    digest = hash('sha256', bytes, 'buffer');
    known.set(key, digest);
  }
  return digest;
};
const fromHex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

// The leaves and roots with which the reference implementation of RFC 6962 is tested.
const ctLeaves = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ctRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

interface Tree {
  readonly leaves: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
  readonly node: NodeReader;
}

function treeOf(leaves: readonly Uint8Array[]): Tree {
  const nodes = new Map<string, Uint8Array>();
  const frontier = Frontier.empty(sha256);
  const roots = [frontier.root()];
  leaves.forEach((leaf, index) => {
    nodes.set(`0/${index}`, leaf);
    for (const node of frontier.append(leaf)) nodes.set(`${node.level}/${node.index}`, node.hash);
    roots.push(frontier.root());
  });
  const node: NodeReader = (level, index) => {
    const found = nodes.get(`${level}/${index}`);
    if (found === undefined) throw new Error(`no node ${level}/${index}`);
    return found;
  };
  return { leaves, roots, node };
}

const MAX = 257;
const big = treeOf(Array.from({ length: MAX }, (_, seq) => leafHash(sha256, new TextEncoder().encode(`entry ${seq}`))));

function flipped(bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[0] = (copy[0] ?? 0) ^ 1;
  return copy;
}

describe('H2 the tree is that of RFC 6962', () => {
  it('H2 has the published roots', () => {
    const tree = treeOf(ctLeaves.map((leaf) => leafHash(sha256, fromHex(leaf))));
    expect(tree.roots.map(hex)).toEqual(ctRoots);
    expect(hex(emptyRoot(sha256))).toBe(ctRoots[0]);
  });

  it('H2 has the published proofs', () => {
    const tree = treeOf(ctLeaves.map((leaf) => leafHash(sha256, fromHex(leaf))));
    const path = [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ];
    expect(inclusionProof(sha256, tree.node, 0, 8).map(hex)).toEqual(path);
    expect(consistencyProof(sha256, tree.node, 1, 8).map(hex)).toEqual(path);
    expect(consistencyProof(sha256, tree.node, 6, 8).map(hex)).toEqual([
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ]);
  });

  it('H2 gives the same root from the definition, the frontier, and the stored nodes, for every size', () => {
    const definition = (leaves: readonly Uint8Array[]): Uint8Array => {
      const [first] = leaves;
      if (first === undefined) return emptyRoot(sha256);
      if (leaves.length === 1) return first;
      let split = 1;
      while (split * 2 < leaves.length) split *= 2;
      return nodeHash(sha256, definition(leaves.slice(0, split)), definition(leaves.slice(split)));
    };
    for (let size = 0; size <= MAX; size += 1) {
      const expected = hex(definition(big.leaves.slice(0, size)));
      expect(hex(big.roots[size] as Uint8Array)).toBe(expected);
      expect(hex(rootAt(sha256, big.node, size))).toBe(expected);
    }
  });

  it('H2 a frontier goes on after it was stored, and a copy goes on alone', () => {
    for (let size = 0; size < MAX; size += 1) {
      const frontier = Frontier.empty(sha256);
      for (const leaf of big.leaves.slice(0, size)) frontier.append(leaf);
      const stored = Frontier.from(sha256, size, frontier.bytes());
      const copy = frontier.copy();
      copy.append(new Uint8Array(32));
      stored.append(big.leaves[size] as Uint8Array);
      expect(hex(stored.root())).toBe(hex(big.roots[size + 1] as Uint8Array));
      expect(hex(frontier.root())).toBe(hex(big.roots[size] as Uint8Array));
    }
    expect(() => Frontier.from(sha256, 3, new Uint8Array(32))).toThrow(RangeError);
    expect(() => Frontier.from(sha256, -1, new Uint8Array(0))).toThrow(RangeError);
  });

  it('H2 numbers nodes in the order in which they are completed, without gaps', () => {
    const frontier = Frontier.empty(sha256);
    let next = 0;
    for (const leaf of big.leaves) {
      for (const { level, index } of frontier.append(leaf)) {
        expect(nodeNumber(level, index)).toBe(next);
        next += 1;
      }
    }
    expect(Number.isSafeInteger(nodeNumber(1, 2 ** 35))).toBe(true);
  });

  it('H2 refuses a frontier and proofs that cannot be', () => {
    expect(() => inclusionProof(sha256, big.node, 5, 5)).toThrow(RangeError);
    expect(() => inclusionProof(sha256, big.node, 0.5, 5)).toThrow(RangeError);
    expect(() => consistencyProof(sha256, big.node, 6, 5)).toThrow(RangeError);
  });
});

describe('H2 proofs', () => {
  const root = (size: number): Uint8Array => big.roots[size] as Uint8Array;

  it('H2 every entry of every size from 1 to 257 is proved, and no other', () => {
    for (let size = 1; size <= MAX; size += 1) {
      for (let index = 0; index < size; index += 1) {
        const proof = inclusionProof(sha256, big.node, index, size);
        const leaf = big.leaves[index] as Uint8Array;
        if (!verifyInclusion(sha256, leaf, index, size, proof, root(size))) expect.fail(`${index} of ${size}`);
        // Each of the others costs as much as the proof itself: one of them per pair, all of them for some sizes.
        const mutated = size < 18 || size >= 255 ? proof.map((_, at) => at) : [(index + size) % Math.max(proof.length, 1)];
        for (const at of mutated) {
          const wrong = proof.map((one, place) => (place === at ? flipped(one) : one));
          if (proof.length > 0 && verifyInclusion(sha256, leaf, index, size, wrong, root(size)))
            expect.fail(`${index} of ${size}, hash ${at}`);
        }
        if (verifyInclusion(sha256, flipped(leaf), index, size, proof, root(size))) expect.fail(`leaf ${index} of ${size}`);
      }
    }
  }, 120_000);

  it('H2 a proof holds for its place, size, length and root only', () => {
    for (const [index, size] of [
      [0, 1],
      [0, 2],
      [3, 7],
      [100, 200],
      [256, 257],
    ] as const) {
      const proof = inclusionProof(sha256, big.node, index, size);
      const leaf = big.leaves[index] as Uint8Array;
      const verify = (place: number, count: number, path: readonly Uint8Array[], top: Uint8Array): boolean =>
        verifyInclusion(sha256, leaf, place, count, path, top);
      expect(verify(index, size, proof, root(size))).toBe(true);
      expect(verify(index + 1, size, proof, root(size))).toBe(false);
      expect(verify(index, size, [...proof, leaf], root(size))).toBe(false);
      expect(verify(index, size, proof.slice(1), root(size))).toBe(proof.length === 0);
      expect(verify(index, size, proof, flipped(root(size)))).toBe(false);
      expect(verify(-1, size, proof, root(size))).toBe(false);
      expect(
        verify(
          index,
          size,
          proof.map((one) => one.subarray(1)),
          root(size),
        ),
      ).toBe(proof.length === 0);
    }
  });

  it('H2 every pair of sizes from 0 to 257 is proved consistent, and with no other root', () => {
    for (let newer = 0; newer <= MAX; newer += 1) {
      for (let older = 0; older <= newer; older += 1) {
        const proof = consistencyProof(sha256, big.node, older, newer);
        const verify = (path: readonly Uint8Array[], from: Uint8Array, to: Uint8Array): boolean =>
          verifyConsistency(sha256, older, newer, path, from, to);
        if (!verify(proof, root(older), root(newer))) expect.fail(`${older} to ${newer}`);
        if (verify(proof, flipped(root(older)), root(newer))) expect.fail(`${older} to ${newer}, older root`);
        if (older > 0 && verify(proof, root(older), flipped(root(newer)))) expect.fail(`${older} to ${newer}, newer root`);
        const mutated = newer < 18 || newer >= 256 ? proof.map((_, at) => at) : [(older + newer) % Math.max(proof.length, 1)];
        for (const at of mutated) {
          const wrong = proof.map((one, place) => (place === at ? flipped(one) : one));
          if (proof.length > 0 && verify(wrong, root(older), root(newer))) expect.fail(`${older} to ${newer}, hash ${at}`);
        }
        if (newer % 8 !== 1) continue;
        if (verify([...proof, root(newer)], root(older), root(newer))) expect.fail(`${older} to ${newer}, longer`);
        if (proof.length > 0 && verify(proof.slice(1), root(older), root(newer))) expect.fail(`${older} to ${newer}, shorter`);
      }
    }
    expect(verifyConsistency(sha256, 3, 2, [], root(3), root(2))).toBe(false);
    expect(verifyConsistency(sha256, 3, 5, [new Uint8Array(3)], root(3), root(5))).toBe(false);
  }, 120_000);
});

describe('H2 payload commitments', () => {
  const salt = new Uint8Array(32).fill(7);

  it('H2 keep their bytes', () => {
    const input = Buffer.concat([Buffer.of(2), salt, Buffer.of(0, 0, 0, 0, 0, 0, 0, 3), Buffer.from('abc')]);
    expect(hex(payloadCommitment(sha256, salt, new TextEncoder().encode('abc')))).toBe(hash('sha256', input, 'hex'));
  });

  it('H2 differ with salt, length and content, and take no other salt', () => {
    const commit = (one: Uint8Array, bytes: Uint8Array): string => hex(payloadCommitment(sha256, one, bytes));
    const all = [commit(salt, new Uint8Array(0)), commit(salt, new Uint8Array(1)), commit(flipped(salt), new Uint8Array(0))];
    expect(new Set(all).size).toBe(3);
    expect(() => payloadCommitment(sha256, salt.subarray(1), salt)).toThrow(RangeError);
  });
});
