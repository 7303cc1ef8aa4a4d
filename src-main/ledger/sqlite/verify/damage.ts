import type { VerifyProblem } from '../../../ports/outbound/index.ts';
import type { Db } from '../connection.ts';
import { LOG_FIRST, logOf, seqOf } from '../place.ts';
import { scanPages, type PageKey, type PageScan } from '../pages.ts';
import { PageMap, type PageUse, type TreeRoot } from './page-map.ts';
import { isDamage } from './snapshot.ts';

/** A page that is not what was written, and what stood on it. */
export interface DamagedPage {
  readonly page: number;
  /** Table or index; `null` when it cannot be told or the page was not in use. */
  readonly object: string | null;
  /** What cannot be read because of it, in plain words. */
  readonly hides: string;
}

export interface DamageReport extends PageScan {
  readonly damagedPages: readonly DamagedPage[];
}

/** Tables whose row ids are places in the log. */
const LOG_TABLES = new Set(['entry', 'payload']);

/**
 * Checks every page of the file and says of each damaged one what it hides.
 *
 * @param roots the schema's trees, or `null` when the schema itself cannot be read
 * @param tenantOf name of a log
 */
export async function findDamage(
  file: string,
  key: PageKey,
  roots: readonly TreeRoot[] | null,
  tenantOf: (log: number) => string,
  pause: () => Promise<void>,
): Promise<DamageReport> {
  const scan = await scanPages(file, key, pause);
  if (scan.damaged.length === 0) return { ...scan, damagedPages: [] };
  const uses = roots === null ? new Map<number, PageUse>() : new PageMap(file, key, scan.damaged).trace(roots);
  return { ...scan, damagedPages: scan.damaged.map((page) => describe(page, uses.get(page), roots !== null, tenantOf)) };
}

/** Trees of the schema, or `null` when it cannot be read. */
export function treeRoots(db: Db): readonly TreeRoot[] | null {
  try {
    const rows = db.prepare('SELECT name, rootpage FROM sqlite_schema WHERE rootpage > 0').all() as {
      name: string;
      rootpage: number;
    }[];
    return [{ object: 'sqlite_schema', page: 1 }, ...rows.map((row) => ({ object: row.name, page: row.rootpage }))];
  } catch (error) {
    if (isDamage(error)) return null;
    throw error;
  }
}

export function damageProblems(report: DamageReport): readonly VerifyProblem[] {
  const problems = report.damagedPages.map(({ page, hides }): VerifyProblem => ({
    code: 'page-damaged',
    tenant: null,
    seq: null,
    message: `Page ${page} of the ledger file is damaged: ${hides}`,
  }));
  if (report.rest > 0) {
    problems.push({
      code: 'file-cut',
      tenant: null,
      seq: null,
      message: `The ledger file ends in the middle of a page (${report.rest} bytes left over).`,
    });
  }
  return problems;
}

function describe(
  page: number,
  use: PageUse | undefined,
  schemaReadable: boolean,
  tenantOf: (log: number) => string,
): DamagedPage {
  if (page === 1)
    return { page, object: 'sqlite_schema', hides: 'it holds the layout, without which SQLite reads nothing of the file.' };
  if (!schemaReadable)
    return { page, object: null, hides: 'what it holds cannot be told, because the layout cannot be read either.' };
  if (use === undefined || use.object === null) {
    return {
      page,
      object: null,
      hides: 'no table or index leads to it; either it is not in use, or the page that leads to it is damaged as well.',
    };
  }
  const { object, rows } = use;
  if (rows === null) return { page, object, hides: `it belongs to ${object}; what it holds can be made again from the log.` };
  if (!LOG_TABLES.has(object)) return { page, object, hides: `it holds rows of ${object}.` };
  const from = Math.max(rows.first, LOG_FIRST);
  const last = Math.min(rows.last, Number.MAX_SAFE_INTEGER);
  const what = object === 'entry' ? 'entries' : 'the bodies of entries';
  const log = logOf(from);
  const until = last === Number.MAX_SAFE_INTEGER || logOf(last) !== log ? 'the end' : String(seqOf(last));
  return { page, object, hides: `it hides ${what} ${seqOf(from)} to ${until} of ${tenantOf(log)}.` };
}
