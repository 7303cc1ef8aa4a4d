import type { Migration } from './migration.ts';

/**
 * When a write that needs nothing now is to be looked at again in the chart (`followAt` of the domain). Apart from
 * `due_at`: such looks never stand in the way of sending, and a drained queue may have any number of them ahead.
 */
export const followUp: Migration = {
  version: 3,
  name: 'follow up',
  statements: [
    'ALTER TABLE write ADD COLUMN follow_at INTEGER',
    `CREATE INDEX write_by_follow ON write (follow_at, ord) WHERE follow_at IS NOT NULL`,
    // One hour after the commit is the first look of the schedule; a write handed to a person is looked for by its own time.
    `UPDATE write SET follow_at = json_extract(doc, '$.state.at') + 3600000
       WHERE state = 'committed' AND json_valid(doc) AND json_extract(doc, '$.state.verification.result') <> 'due'`,
    `UPDATE write SET follow_at = json_extract(doc, '$.state.nextAt')
       WHERE state = 'unknown' AND code <> 'chart-has-two' AND json_valid(doc)
         AND json_extract(doc, '$.state.personSince') IS NOT NULL`,
  ],
};
