import type { Sha256 } from '../domain/index.ts';
import { emptyRoot, nodeHash, sameBytes } from './hashing.ts';

/** Where the hashes of complete subtrees come from; throws when it has none for a subtree that must exist. */
export type NodeReader = (level: number, index: number) => Uint8Array;

/** The root of the first `size` leaves of a tree whose complete subtrees are at hand. */
export function rootAt(sha256: Sha256, node: NodeReader, size: number): Uint8Array {
  return size === 0 ? emptyRoot(sha256) : rangeHash(sha256, node, 0, size);
}

/** The audit path of a leaf in the tree of the first `size` leaves (RFC 6962, section 2.1.1). */
export function inclusionProof(sha256: Sha256, node: NodeReader, index: number, size: number): readonly Uint8Array[] {
  if (!isPlace(index) || !isPlace(size) || index >= size) throw new RangeError(`no leaf ${index} in a tree of ${size}`);
  const path = (start: number, end: number): Uint8Array[] => {
    if (end - start === 1) return [];
    const middle = start + splitOf(end - start);
    return index < middle
      ? [...path(start, middle), rangeHash(sha256, node, middle, end)]
      : [...path(middle, end), rangeHash(sha256, node, start, middle)];
  };
  return path(0, size);
}

/** True when the proof shows that the leaf stands at `index` of the tree with this root (RFC 9162, section 2.1.3.2). */
export function verifyInclusion(
  sha256: Sha256,
  leaf: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!isPlace(index) || !isPlace(size) || index >= size) return false;
  let at = index;
  let last = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (last === 0 || sibling.length !== root.length) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(sha256, sibling, hash);
      while (at % 2 === 0 && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      hash = nodeHash(sha256, hash, sibling);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && sameBytes(hash, root);
}

/** The proof that the first `older` leaves of a tree of `newer` are unchanged (RFC 6962, section 2.1.2). */
export function consistencyProof(sha256: Sha256, node: NodeReader, older: number, newer: number): readonly Uint8Array[] {
  if (!isPlace(older) || !isPlace(newer) || older > newer) throw new RangeError(`no step from ${older} to ${newer} leaves`);
  if (older === 0 || older === newer) return [];
  const subproof = (size: number, start: number, end: number, whole: boolean): Uint8Array[] => {
    if (size === end - start) return whole ? [] : [rangeHash(sha256, node, start, end)];
    const split = splitOf(end - start);
    return size <= split
      ? [...subproof(size, start, start + split, whole), rangeHash(sha256, node, start + split, end)]
      : [...subproof(size - split, start + split, end, false), rangeHash(sha256, node, start, start + split)];
  };
  return subproof(older, 0, newer, true);
}

/** True when the proof shows that the newer tree begins with the older one (RFC 9162, section 2.1.4.2). */
export function verifyConsistency(
  sha256: Sha256,
  older: number,
  newer: number,
  proof: readonly Uint8Array[],
  olderRoot: Uint8Array,
  newerRoot: Uint8Array,
): boolean {
  if (!isPlace(older) || !isPlace(newer) || older > newer) return false;
  if (older === 0) return proof.length === 0 && sameBytes(olderRoot, emptyRoot(sha256));
  if (older === newer) return proof.length === 0 && sameBytes(olderRoot, newerRoot);
  if (proof.some((hash) => hash.length !== newerRoot.length)) return false;
  // When the older tree is one complete subtree, its root is where the proof starts and is left out of it.
  const path = Number.isInteger(Math.log2(older)) ? [olderRoot, ...proof] : [...proof];
  let at = older - 1;
  let last = newer - 1;
  while (at % 2 === 1) {
    at = half(at);
    last = half(last);
  }
  const start = path.shift();
  if (start === undefined) return false;
  let olderHash = start;
  let newerHash = start;
  for (const sibling of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      olderHash = nodeHash(sha256, sibling, olderHash);
      newerHash = nodeHash(sha256, sibling, newerHash);
      while (at % 2 === 0 && at !== 0) {
        at = half(at);
        last = half(last);
      }
    } else {
      newerHash = nodeHash(sha256, newerHash, sibling);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 && sameBytes(olderHash, olderRoot) && sameBytes(newerHash, newerRoot);
}

/** Merkle tree hash of the leaves from `start` to `end` (exclusive), where `start` is a place at which a split can begin. */
function rangeHash(sha256: Sha256, node: NodeReader, start: number, end: number): Uint8Array {
  const count = end - start;
  const level = Math.log2(count);
  if (Number.isInteger(level)) return node(level, start / count);
  const middle = start + splitOf(count);
  return nodeHash(sha256, rangeHash(sha256, node, start, middle), rangeHash(sha256, node, middle, end));
}

/** The largest power of two smaller than the count. */
function splitOf(count: number): number {
  let split = 1;
  while (split * 2 < count) split *= 2;
  return split;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isPlace(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
