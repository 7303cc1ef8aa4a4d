import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { constants } from 'node:os';
import { isMethod } from '../../src-shared/contract/index.ts';
import { failures, stopCodes, type StateName } from '../../src-shared/domain/index.ts';
import { limits } from '../../src-shared/limits/index.ts';
import type { Clock, FindOutcome, Log, LookUpOutcome, ReadOutcome, SendOutcome } from '../ports/outbound/index.ts';
import { systemClock } from './runtime.ts';

/**
 * The operational log: one JSON object per line, `at` (ISO 8601, UTC), `level`, `event` and the fields (H5).
 *
 * Redaction is an allow-list, not a search for secrets: a text passes only in a field that is known, in the form that the
 * field has. A name, a number from a chart or a token is none of these forms, in whichever field it is put by mistake.
 * Counts, flags and null pass in any field.
 */

const REDACTED = '[redacted]';
const TEXT_MAX = 128;

/** Names that administrators give: people, tenants, sources, connections. */
const GIVEN_NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/;
const BASE32_ID = /^[a-z2-7]{26}$|^[a-z2-7]{52}$/;
/** What an event is called: written in the program, never made from data. */
const EVENT_NAME = /^(?=.{1,40}$)[a-z]+(?:-[a-z]+)*$/;

/** What gives tokens and secrets away: no separators for long, all kinds of characters; our own secrets and JSON Web Tokens. */
const looksLikeSecret = (text: string): boolean =>
  /^eyJ/.test(text) || /[A-Za-z0-9_]{20}/.test(text) || /^[a-z2-7]{5}(?:-[a-z2-7]{5,6}){4}$/.test(text);

const givenName = (text: string): boolean => GIVEN_NAME.test(text) && !looksLikeSecret(text);
const id = (text: string): boolean => BASE32_ID.test(text);
const oneOf =
  (words: Readonly<Record<string, true>>) =>
  (text: string): boolean =>
    Object.hasOwn(words, text);

const STATES = {
  draft: true,
  validated: true,
  'awaiting-approval': true,
  held: true,
  pending: true,
  'in-flight': true,
  unknown: true,
  conflict: true,
  'failed-retryable': true,
  'failed-terminal': true,
  'resolved-by-hand': true,
  committed: true,
  superseded: true,
  withdrawn: true,
  compensated: true,
  corrected: true,
  quarantined: true,
} as const satisfies Record<StateName, true>;

const OUTCOMES = {
  ...{ applied: true, 'not-applied': true, conflict: true, unknown: true, throttled: true, refused: true },
  ...{ present: true, duplicate: true, absent: true, moved: true, inconclusive: true, found: true, failed: true },
  ...{ read: true, gone: true },
} as const satisfies Record<(SendOutcome | FindOutcome | LookUpOutcome | ReadOutcome)['outcome'], true>;

const fields: Readonly<Record<string, (text: string) => boolean>> = {
  write: id,
  group: id,
  correlation: id,
  engine: id,
  tenant: givenName,
  source: givenName,
  connection: givenName,
  adapter: givenName,
  person: givenName,
  code: (text) => Object.hasOwn(failures, text),
  state: oneOf(STATES),
  /** Why an engine stopped by itself. */
  stop: (text) => stopCodes.some((one) => one === text),
  outcome: oneOf(OUTCOMES),
  /** The name of an error's class, never its message. */
  fault: (text) => /^[A-Z][A-Za-z]{0,40}(?:Error|Fault|Move)$|^Error$/.test(text),
  /** An error's code: from the system, SQLite, Node or the HTTP client. */
  errorCode: (text) => Object.hasOwn(constants.errno, text) || /^(?:SQLITE|ERR|UND_ERR|CERT|EAI)_[A-Z0-9_]{1,60}$/.test(text),
  /** A request over the process boundary, by the name the contract gives it. */
  method: isMethod,
  /** Where in the program a fault was raised: file, line and column. */
  place: (text) => /^[A-Za-z0-9_-]{1,64}\.[jt]s:\d{1,7}:\d{1,7}$/.test(text),
  version: (text) => /^\d{1,4}(?:\.\d{1,4}){0,2}$/.test(text),
};

function safe(field: string, value: unknown): string | number | boolean | null {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : REDACTED;
  if (typeof value !== 'string' || value.length > TEXT_MAX) return REDACTED;
  return Object.hasOwn(fields, field) && fields[field]?.(value) === true ? value : REDACTED;
}

const FIELD_NAME = /^[a-z][A-Za-z]{0,31}$/;
const RESERVED: ReadonlySet<string> = new Set(['at', 'level', 'event']);

/**
 * A log that hands each line, with its line break, to `append`.
 *
 * A log that cannot be written must not stop the work it tells about: lines that `append` throws for are counted, and
 * the next line that goes through says how many there were (`linesLost`).
 */
export function lineLog(clock: Pick<Clock, 'now'>, append: (line: string) => void): Log {
  let linesLost = 0;
  return {
    write(level, event, values = {}) {
      const line: Record<string, unknown> = {
        at: new Date(clock.now()).toISOString(),
        level,
        event: EVENT_NAME.test(event) ? event : REDACTED,
      };
      for (const [field, value] of Object.entries(values)) {
        if (FIELD_NAME.test(field) && !RESERVED.has(field)) line[field] = safe(field, value);
      }
      if (linesLost > 0) line['linesLost'] = linesLost;
      try {
        append(`${JSON.stringify(line)}\n`);
        linesLost = 0;
      } catch {
        linesLost += 1;
      }
    },
  };
}

/**
 * A log in a file of mode 0600; its folder is made when it is missing. Beyond `limits.logFileBytesMax` the file is kept
 * as `<file>.1`, in place of the one before, and a new one begun.
 */
export function fileLog(file: string, clock: Pick<Clock, 'now'> = systemClock): Log {
  let bytes: number | undefined;
  return lineLog(clock, (line) => {
    if (bytes === undefined) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
    }
    if (bytes > 0 && bytes + line.length > limits.logFileBytesMax) {
      renameSync(file, `${file}.1`);
      bytes = 0;
    }
    appendFileSync(file, line, { mode: 0o600 });
    bytes += line.length;
  });
}

/** A log on standard error, for runs without a workspace. */
export function stderrLog(clock: Pick<Clock, 'now'> = systemClock): Log {
  return lineLog(clock, (line) => void process.stderr.write(line));
}
