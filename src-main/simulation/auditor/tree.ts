import type { Sha256 } from '../../../src-shared/domain/index.ts';

/**
 * Roots of the Merkle trees over the first leaf hashes of one log, straight from the definition (RFC 6962, section 2.1).
 * Halves that are full are worked out once: a log only grows.
 */
export class TreeRoots {
  private readonly leaves: Uint8Array[] = [];
  private readonly full = new Map<string, Uint8Array>();
  private readonly sha256: Sha256;

  constructor(sha256: Sha256) {
    this.sha256 = sha256;
  }

  /** The next leaf, as it was when it was read: what is changed afterwards does not change the roots. */
  add(leaf: Uint8Array): void {
    this.leaves.push(leaf.slice());
  }

  /** Whether the leaf at this place was this one when it was read. */
  isLeaf(at: number, leaf: Uint8Array): boolean {
    const read = this.leaves[at];
    return read?.length === leaf.length && read.every((byte, place) => byte === leaf[place]);
  }

  /** The root over so many leaves. */
  rootOf(size: number): Uint8Array {
    return size === 0 ? this.sha256(new Uint8Array()) : this.over(0, size);
  }

  private over(from: number, size: number): Uint8Array {
    const leaf = this.leaves[from];
    if (size === 1 && leaf !== undefined) return leaf;
    const name = `${from} ${size}`;
    const known = this.full.get(name);
    if (known !== undefined) return known;
    let split = 1;
    while (split * 2 < size) split *= 2;
    const node = new Uint8Array(65);
    node[0] = 1;
    node.set(this.over(from, split), 1);
    node.set(this.over(from + split, size - split), 33);
    const root = this.sha256(node);
    if (split * 2 === size) this.full.set(name, root);
    return root;
  }
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
