import type { Sha256 } from '../../../src-shared/domain/index.ts';

/** Root of the Merkle tree over these leaf hashes, straight from the definition (RFC 6962, section 2.1). */
export function treeRoot(leaves: readonly Uint8Array[], sha256: Sha256): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return sha256(new Uint8Array());
  if (leaves.length === 1) return first;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const node = new Uint8Array(65);
  node[0] = 1;
  node.set(treeRoot(leaves.slice(0, split), sha256), 1);
  node.set(treeRoot(leaves.slice(split), sha256), 33);
  return sha256(node);
}

export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
