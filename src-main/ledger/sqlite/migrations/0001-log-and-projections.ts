import type { Migration } from './migration.ts';

/**
 * The log (frozen content: docs/formats.md) and the projections that follow from it.
 *
 * `place` is log * 2^36 + seq. `write.seqs` names the entries of the write's own stream, so that they need no rows in
 * `entry_index`, whose pages would be touched all over with every commit. Append-only tables refuse UPDATE and DELETE: that stops honest mistakes, the proofs
 * are for the others.
 */
export const logAndProjections: Migration = {
  version: 1,
  name: 'log and projections',
  statements: [
    `CREATE TABLE workspace (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID`,

    `CREATE TABLE log (
       id INTEGER PRIMARY KEY, tenant TEXT NOT NULL UNIQUE, size INTEGER NOT NULL,
       frontier BLOB NOT NULL, last_leaf BLOB NOT NULL, last_at INTEGER NOT NULL
     ) STRICT`,
    `CREATE TABLE entry (place INTEGER PRIMARY KEY, leaf_hash BLOB NOT NULL, envelope BLOB NOT NULL) STRICT`,
    `CREATE TABLE entry_index (
       log INTEGER NOT NULL, field TEXT NOT NULL, value TEXT NOT NULL, seq INTEGER NOT NULL,
       PRIMARY KEY (log, field, value, seq)
     ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE payload (place INTEGER PRIMARY KEY, key_id INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT`,
    `CREATE TABLE node (place INTEGER PRIMARY KEY, hash BLOB NOT NULL) STRICT`,
    `CREATE TABLE checkpoint (
       log INTEGER NOT NULL, size INTEGER NOT NULL, root BLOB NOT NULL, note TEXT NOT NULL, PRIMARY KEY (log, size)
     ) STRICT, WITHOUT ROWID`,
    ...['entry', 'entry_index', 'payload', 'node', 'checkpoint'].flatMap((table) =>
      ['UPDATE', 'DELETE'].map(
        (verb) =>
          `CREATE TRIGGER ${table}_no_${verb.toLowerCase()} BEFORE ${verb} ON ${table} BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END`,
      ),
    ),

    `CREATE TABLE write (
       row INTEGER PRIMARY KEY, log INTEGER NOT NULL, id TEXT NOT NULL, version INTEGER NOT NULL, ord INTEGER NOT NULL,
       state TEXT NOT NULL, code TEXT, connection TEXT NOT NULL, patient_key TEXT NOT NULL, encounter_key TEXT, event_id TEXT NOT NULL,
       lane TEXT NOT NULL, grp TEXT NOT NULL, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL,
       due_at INTEGER, ready_at INTEGER, lane_rank INTEGER, unknown_since INTEGER, seqs TEXT NOT NULL, doc TEXT NOT NULL
     ) STRICT`,
    `CREATE UNIQUE INDEX write_by_id ON write (id, log)`,
    `CREATE INDEX write_by_time ON write (created_at, ord)`,
    `CREATE INDEX write_by_state ON write (log, state, connection, created_at, ord)`,
    `CREATE INDEX write_by_code ON write (code, created_at, ord) WHERE code IS NOT NULL`,
    `CREATE INDEX write_by_patient ON write (patient_key, created_at, ord)`,
    `CREATE INDEX write_by_encounter ON write (encounter_key, created_at, ord) WHERE encounter_key IS NOT NULL`,
    `CREATE INDEX write_by_group ON write (grp, log, created_at, ord)`,
    `CREATE INDEX write_by_event ON write (event_id, created_at, ord)`,
    `CREATE INDEX write_by_ready ON write (ready_at, ord) WHERE ready_at IS NOT NULL`,
    // Two indexes, because the first stays small and is touched often, the second is touched twice in a write's life.
    `CREATE INDEX write_by_lane ON write (log, lane, lane_rank, ord) WHERE lane_rank < 3`,
    `CREATE INDEX write_by_waiting ON write (log, lane, ord) WHERE lane_rank = 3`,
    `CREATE INDEX write_by_unknown ON write (log, unknown_since) WHERE unknown_since IS NOT NULL`,

    `CREATE TABLE registry_row (
       kind TEXT NOT NULL, log INTEGER NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, doc TEXT NOT NULL,
       PRIMARY KEY (kind, log, key)
     ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE write_tally (
       log INTEGER NOT NULL, connection TEXT NOT NULL, state TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (log, connection, state)
     ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE write_group (
       log INTEGER NOT NULL, grp TEXT NOT NULL, open INTEGER NOT NULL, charted INTEGER NOT NULL, failed INTEGER NOT NULL,
       undone INTEGER NOT NULL, ended INTEGER NOT NULL, PRIMARY KEY (log, grp)
     ) STRICT, WITHOUT ROWID`,
    `CREATE TABLE group_tally (log INTEGER NOT NULL, state TEXT NOT NULL, n INTEGER NOT NULL, PRIMARY KEY (log, state)) STRICT, WITHOUT ROWID`,
  ],
};
