import { Frontier, nodeNumber, type NodeReader } from '../../../src-shared/audit/index.ts';
import { LedgerError } from '../errors.ts';
import type { Db } from './connection.ts';
import { sha256 } from './keys.ts';
import { placeOf } from './place.ts';

/** Reads the complete subtrees of a log from its tables. Throws LedgerError `row-unreadable` where one is missing. */
export function treeOf(db: Db, log: number): NodeReader {
  const selectLeaf = db.prepare('SELECT leaf_hash FROM entry WHERE place = ?').pluck();
  const selectNode = db.prepare('SELECT hash FROM node WHERE place = ?').pluck();
  return (level, index) => {
    const place = placeOf(log, level === 0 ? index : nodeNumber(level, index));
    const hash = (level === 0 ? selectLeaf : selectNode).get(place) as Buffer | undefined;
    if (hash === undefined) throw new LedgerError('row-unreadable', `the tree has no node ${index} of level ${level}`);
    return hash;
  };
}

/** The frontier of the first `size` leaves, from the stored subtrees. */
export function frontierAt(node: NodeReader, size: number): Frontier {
  const roots: Uint8Array[] = [];
  let start = 0;
  for (let level = Math.floor(Math.log2(Math.max(size, 1))); level >= 0; level -= 1) {
    const span = 2 ** level;
    if (size - start < span) continue;
    roots.push(node(level, start / span));
    start += span;
  }
  return Frontier.from(sha256, size, Buffer.concat(roots));
}
