import type { Sha256 } from '../domain/index.ts';
import { emptyRoot, hashBytes, nodeHash } from './hashing.ts';

/** A complete subtree: `index` counts subtrees of 2^level leaves from the left. Level 0 is the leaves. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
  readonly hash: Uint8Array;
}

/**
 * A growing Merkle tree (RFC 6962, section 2.1), kept as the roots of its complete subtrees, largest first: all that is
 * needed to append and to know the root. 20 hashes for a million leaves.
 */
export class Frontier {
  private readonly sha256: Sha256;
  private leaves: number;
  /** Smallest subtree first; never changed in place, so that a copy costs nothing. */
  private last: Subtree | null;

  private constructor(sha256: Sha256, leaves: number, last: Subtree | null) {
    this.sha256 = sha256;
    this.leaves = leaves;
    this.last = last;
  }

  static empty(sha256: Sha256): Frontier {
    return new Frontier(sha256, 0, null);
  }

  /**
   * The frontier of a tree with this many leaves from its stored subtree roots, one after the other, largest first.
   *
   * @throws RangeError when the number of bytes does not fit the number of leaves
   */
  static from(sha256: Sha256, size: number, bytes: Uint8Array): Frontier {
    if (!Number.isSafeInteger(size) || size < 0 || bytes.length !== bitsSet(size) * hashBytes) {
      throw new RangeError(`${bytes.length} bytes are not the frontier of ${size} leaves`);
    }
    let last: Subtree | null = null;
    for (let at = 0; at < bytes.length; at += hashBytes) last = { hash: bytes.slice(at, at + hashBytes), larger: last };
    return new Frontier(sha256, size, last);
  }

  /** Number of leaves. */
  get size(): number {
    return this.leaves;
  }

  /** Adds a leaf and returns the subtrees that it completes, from level 1 up; an even-numbered leaf completes none. */
  append(leaf: Uint8Array): readonly TreeNode[] {
    const completed: TreeNode[] = [];
    let hash = leaf;
    let index = this.leaves;
    let larger = this.last;
    for (let level = 1; index % 2 === 1; level += 1) {
      if (larger === null) throw new RangeError('the frontier has fewer subtrees than its size says');
      hash = nodeHash(this.sha256, larger.hash, hash);
      larger = larger.larger;
      index = (index - 1) / 2;
      completed.push({ level, index, hash });
    }
    this.last = { hash, larger };
    this.leaves += 1;
    return completed;
  }

  /** The Merkle tree hash of all leaves so far. */
  root(): Uint8Array {
    if (this.last === null) return emptyRoot(this.sha256);
    let { hash } = this.last;
    for (let next = this.last.larger; next !== null; next = next.larger) hash = nodeHash(this.sha256, next.hash, hash);
    return hash;
  }

  /** The subtree roots one after the other, as `from` takes them. */
  bytes(): Uint8Array {
    const bytes = new Uint8Array(bitsSet(this.leaves) * hashBytes);
    let at = bytes.length;
    for (let next = this.last; next !== null; next = next.larger) {
      at -= hashBytes;
      bytes.set(next.hash, at);
    }
    return bytes;
  }

  /** A frontier that grows on its own from here. */
  copy(): Frontier {
    return new Frontier(this.sha256, this.leaves, this.last);
  }
}

interface Subtree {
  readonly hash: Uint8Array;
  readonly larger: Subtree | null;
}

/** Number of ones in the binary digits of a whole number up to 2^53: how many complete subtrees that many leaves make. */
export function bitsSet(value: number): number {
  let count = 0;
  for (let rest = value; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}

/**
 * The number of a node among all nodes of level 1 and up, in the order in which appending completes them. An append-only
 * table keyed by it grows only at its end.
 */
export function nodeNumber(level: number, index: number): number {
  const lastLeaf = (index + 1) * 2 ** level - 1;
  return lastLeaf - bitsSet(lastLeaf) + level - 1;
}
