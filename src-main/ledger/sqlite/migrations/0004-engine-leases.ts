import type { Migration } from './migration.ts';

/**
 * The leases of engines (decision record 0026). A number is never given twice, so rows stay; there is one for each start of an
 * engine. `beat` grows with every renewal: whoever sees it stand still for `lease_ms` may end the lease.
 */
export const engineLeases: Migration = {
  version: 4,
  name: 'engine leases',
  statements: [
    `CREATE TABLE engine_lease (
       fence INTEGER PRIMARY KEY, engine TEXT NOT NULL, lease_ms INTEGER NOT NULL, beat INTEGER NOT NULL, ended TEXT
     ) STRICT`,
    `CREATE INDEX engine_lease_living ON engine_lease (fence) WHERE ended IS NULL`,
  ],
};
