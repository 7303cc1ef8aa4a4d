import type { WriteFilter } from '../../ports/outbound/index.ts';
import type { StateName } from '../../../src-shared/domain/index.ts';
import type { Statement } from './connection.ts';

export interface TallyRecord {
  readonly log: number;
  readonly connection: string;
  readonly state: StateName;
  readonly n: number;
}

/** A part of the table whose writes stand in the order of a list already, as the halves of a statement. */
export interface WriteStream {
  readonly from: string;
  /** Empty, or the whole WHERE clause. */
  readonly where: string;
  readonly values: readonly unknown[];
  /** Its index holds the log too: with the time and the order in the log it gives the order of the list by itself. */
  readonly holdsLog: boolean;
}

/** Streams of writes in order are merged from at most this many places; beyond, walking all writes in order is cheaper. */
const MERGED_MAX = 64;
const BY_STATE = 'write_by_state';

/** From a filter over writes to the statements that answer it by index: pages, counts and places in a list. */
export class WriteQuery {
  private readonly statement: (sql: string) => Statement;

  constructor(statement: (sql: string) => Statement) {
    this.statement = statement;
  }

  /** How many writes each log has per connection and state; never a walk over the writes. */
  tallies(log: number | null): readonly TallyRecord[] {
    return this.statement('SELECT log, connection, state, n FROM write_tally WHERE log = coalesce(?, log) AND n > 0').all(
      log,
    ) as TallyRecord[];
  }

  /**
   * The parts of the file whose writes, each already in order, together hold every write the filter wants. An index
   * that ends in the order of the list gives a page without sorting or passing over what does not fit.
   */
  streams(filter: Omit<WriteFilter, 'limit'>, log: number | null): readonly WriteStream[] {
    const { terms, values } = this.conditions(filter, log);
    return this.parts(filter, log).map((part) => {
      const all = [...part.terms, ...terms];
      return {
        from: `write INDEXED BY ${part.index}`,
        where: all.length === 0 ? '' : `WHERE ${all.join(' AND ')}`,
        values: [...part.values, ...values],
        holdsLog: part.index === BY_STATE,
      };
    });
  }

  /** What every stream must satisfy besides what makes it a stream. */
  private conditions(
    filter: Omit<WriteFilter, 'limit'>,
    log: number | null,
  ): { terms: readonly string[]; values: readonly unknown[] } {
    const terms: string[] = [];
    const values: unknown[] = [];
    const require = (term: string, ...bound: unknown[]): void => {
      terms.push(term);
      values.push(...bound);
    };
    if (log !== null) require('log = ?', log);
    if (filter.states !== undefined) require(`state IN (${filter.states.map(() => '?').join(', ')})`, ...filter.states);
    if (filter.code !== undefined) require('code = ?', filter.code);
    if (filter.connection !== undefined) require('connection = ?', filter.connection);
    if (filter.patientKey !== undefined) require('patient_key = ?', filter.patientKey);
    if (filter.encounterKey !== undefined) require('encounter_key = ?', filter.encounterKey);
    if (filter.group !== undefined) require('grp = ?', filter.group);
    if (filter.eventId !== undefined) require('event_id = ?', filter.eventId);
    if (filter.since !== undefined) require('created_at >= ?', filter.since);
    if (filter.after !== undefined) {
      // After a write that is not there comes nothing: `(...) < (NULL, ...)` holds for no row.
      const after = this.statement('SELECT created_at, ord, log FROM write WHERE id = ?').get(filter.after) as
        { created_at: number; ord: number; log: number } | undefined;
      require('(created_at, ord, log) < (?, ?, ?)', after?.created_at ?? null, after?.ord ?? null, after?.log ?? null);
    }
    return { terms, values };
  }

  private parts(
    filter: Omit<WriteFilter, 'limit'>,
    log: number | null,
  ): readonly { index: string; terms: readonly string[]; values: readonly unknown[] }[] {
    const whole = (index: string) => [{ index, terms: [], values: [] }];
    if (filter.eventId !== undefined) return whole('write_by_event');
    if (filter.group !== undefined) return whole('write_by_group');
    if (filter.encounterKey !== undefined) return whole('write_by_encounter');
    if (filter.patientKey !== undefined) return whole('write_by_patient');
    if (filter.code !== undefined) return [{ index: 'write_by_code', terms: ['code IS NOT NULL'], values: [] }];
    if (filter.states === undefined && filter.connection === undefined && log === null) return whole('write_by_time');
    const wanted = this.tallies(log).filter(
      (tally) =>
        (filter.states === undefined || filter.states.includes(tally.state)) &&
        (filter.connection === undefined || filter.connection === tally.connection),
    );
    if (wanted.length > MERGED_MAX) return whole('write_by_time');
    return wanted.map((tally) => ({
      index: BY_STATE,
      terms: ['log = ?', 'state = ?', 'connection = ?'],
      values: [tally.log, tally.state, tally.connection],
    }));
  }
}
