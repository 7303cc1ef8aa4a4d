import type { Db } from '../connection.ts';
import type { Migration } from './migration.ts';
import { laneOrder } from './0002-lane-order.ts';
import { followUp } from './0003-follow-up.ts';
import { engineLeases } from './0004-engine-leases.ts';
import { logAndProjections } from './0001-log-and-projections.ts';

export const migrations: readonly Migration[] = [logAndProjections, laneOrder, followUp, engineLeases];

/** The newest layout this program knows. */
export const newestVersion = migrations.length;

export function versionOf(db: Db): number {
  return db.pragma('user_version', { simple: true }) as number;
}

/**
 * Brings a file to the newest layout, or to `target`, one step after the other. A step and its version mark are one
 * transaction: after a crash the file has the old layout or the new one.
 */
export function migrate(db: Db, target = newestVersion): void {
  migrations.forEach((step, at) => {
    if (step.version !== at + 1)
      throw new RangeError(`migration ${step.name} has version ${step.version} and stands at ${at + 1}`);
  });
  for (const step of migrations) {
    if (step.version > target) return;
    db.exec('BEGIN IMMEDIATE');
    try {
      // Read inside the transaction: another process may have been quicker.
      if (versionOf(db) < step.version) {
        for (const statement of step.statements) db.exec(statement);
        db.pragma(`user_version=${step.version}`);
      }
      db.exec('COMMIT');
    } catch (error) {
      if (db.inTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}
