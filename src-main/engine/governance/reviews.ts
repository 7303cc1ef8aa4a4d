import type { EngineDeps } from '../deps.ts';
import { Readings } from '../audit/readings.ts';
import { writeEntry } from '../write-commit.ts';
import type { Reviews } from '../../ports/inbound/index.ts';
import { decideReview } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** The review list (B4): what was charted at the limited auto-write stage without a decision made here. */
export function reviews(deps: EngineDeps): Reviews {
  const { ledger, clock } = deps;
  const readings = new Readings(deps);
  return {
    async list(connection, open, actor) {
      const rows = (await ledger.rows('review')).filter(
        (row) => (connection === null || row.connection === connection) && (!open || row.review === null),
      );
      for (const tenant of new Set(rows.map((row) => row.tenant)))
        await readings.record('reviews', connection ?? 'all', tenant, actor);
      return rows.toSorted((one, other) => one.since - other.since || (one.write < other.write ? -1 : 1));
    },

    async sign(id, verdict, reason, person, actor) {
      for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
        const write = await ledger.findWrite(id);
        const row = write === undefined ? undefined : await ledger.row('review', write.tenant, id);
        if (write === undefined || row === undefined)
          return { ok: false, code: 'review-unknown', message: `"${id}" is not on the review list` };
        const now = clock.now();
        const decided = decideReview(row, write.prepared?.sha256 ?? '', person, verdict, reason, now);
        if (!decided.ok) return decided;
        const { review } = decided;
        const done = await ledger.commit({
          tenant: write.tenant,
          expected: [{ kind: 'review', key: id, version: row.version }],
          entries: [writeEntry('write.reviewed', write, now, actor, { id, review, note: reason })],
        });
        if (done.ok) return { ok: true, row: { ...row, version: row.version + 1, review } };
      }
      throw new Error(`the review of ${id} kept changing`);
    },
  };
}
