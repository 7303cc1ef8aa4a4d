import { existsSync } from 'node:fs';
import path from 'node:path';
import { openEncrypted, type Db } from './connection.ts';
import { assertKey } from './keys.ts';
import { ledgerFile, ledgerSalt } from './files.ts';
import { Logs } from './logs.ts';
import { pageKey } from './pages.ts';
import { findDamage, treeRoots, type DamageReport } from './verify/damage.ts';

/**
 * Checks the pages of a ledger file that cannot be opened any more, and says which are damaged and what each of them hides.
 * Reads only; the file stays as it is. A file of another key shows as damaged throughout.
 *
 * @returns `null` when there is no ledger file in the folder
 */
export async function inspectDamagedFile(options: {
  readonly folder: string;
  readonly key: Uint8Array;
}): Promise<DamageReport | null> {
  assertKey(options.key, 'ledger');
  const file = path.join(options.folder, ledgerFile);
  if (!existsSync(file)) return null;
  const key = pageKey(options.key, ledgerSalt(options.key));
  const db = openEncrypted(file, options.key, ledgerSalt(options.key), { create: false });
  try {
    db.pragma('query_only=1');
    const tenants = tenantNames(db);
    const tenantOf = (log: number): string => tenants.get(log) ?? `log ${log}`;
    return await findDamage(file, key, treeRoots(db), tenantOf, async () => {});
  } finally {
    db.close();
  }
}

function tenantNames(db: Db): ReadonlyMap<number, string> {
  try {
    return new Map(new Logs(db).all().map((head) => [head.log, head.tenant]));
  } catch {
    // Whatever is wrong with them is what is being looked for.
    return new Map();
  }
}
