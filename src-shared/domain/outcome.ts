import { limits } from '../limits/index.ts';
import type { CalendarWait } from './calendar/index.ts';
import type { FailureCode } from './failures.ts';
import { failureOf } from './failures.ts';
import { lookDelayMs, retryDelayMs } from './schedule.ts';
import type { Hold, Landing, StateName, StateOf, Verification, WriteRow, WriteState } from './write.ts';

/**
 * What becomes of a write after it was sent or looked for: the decisions on which "exactly once" rests. Each takes the
 * write as it stands and what the EHR showed, and gives the states the write passes through.
 */

/** What the EHR showed, without the exchanges that prove it (those are recorded beside the decision). */
export type SendResult =
  | {
      readonly outcome: 'applied';
      readonly reference: string;
      readonly versionId: string | null;
      readonly landing: Landing;
      readonly verification: Verification;
    }
  | { readonly outcome: 'not-applied'; readonly code: FailureCode }
  | { readonly outcome: 'conflict'; readonly code: FailureCode }
  | { readonly outcome: 'unknown'; readonly code: FailureCode; readonly monitor?: string }
  | { readonly outcome: 'throttled'; readonly code: FailureCode; readonly retryAfterMs: number | null }
  | { readonly outcome: 'refused'; readonly code: FailureCode };

export type LookResult =
  | {
      readonly outcome: 'present';
      readonly reference: string;
      readonly versionId: string | null;
      readonly landing: Landing;
      readonly verification: Verification;
    }
  | { readonly outcome: 'duplicate' }
  | { readonly outcome: 'absent' }
  | { readonly outcome: 'moved'; readonly reference: string }
  /** The EHR says that it is still at work on what it accepted. */
  | { readonly outcome: 'running'; readonly retryAfterMs: number | null }
  | { readonly outcome: 'inconclusive'; readonly code: FailureCode; readonly retryAfterMs: number | null };

/** Evidence that points at the entry it stands in; the projection puts the entry's number there. */
const OWN_ENTRY = -1;

export function committed(
  found: {
    readonly reference: string;
    readonly versionId: string | null;
    readonly landing: Landing;
    readonly verification: Verification;
  },
  at: number,
  late = false,
): StateOf<'committed'> {
  return {
    name: 'committed',
    evidence: { reference: found.reference, versionId: found.versionId, seq: OWN_ENTRY },
    landing: found.landing,
    verification: found.verification,
    at,
    late,
  };
}

export function unknown(code: FailureCode, now: number, fraction: number, monitor?: string): StateOf<'unknown'> {
  return {
    name: 'unknown',
    code,
    since: now,
    looks: 0,
    absentLooks: 0,
    nextAt: now + lookDelayMs(0, fraction, null),
    personSince: null,
    ...(monitor === undefined ? {} : { monitor }),
  };
}

/** After a send. `fraction` is chance for the jitter. */
export function afterSend(row: WriteRow, result: SendResult, now: number, fraction: number): readonly WriteState[] {
  switch (result.outcome) {
    case 'applied':
      return [committed(result, now)];
    case 'unknown':
      return [unknown(result.code, now, fraction, result.monitor)];
    case 'conflict':
      // A 409 or 412 is a conflict only after a look shows that the newer version is not ours (rule 5).
      return [unknown(result.code, now, fraction)];
    case 'not-applied':
      return [retryOrGiveUp(row.attempts, result.code, now, fraction, null)];
    case 'throttled':
      return [retryOrGiveUp(row.attempts, result.code, now, fraction, result.retryAfterMs)];
    case 'refused':
      return [
        failureOf(result.code).nature === 'lift'
          ? { name: 'held', hold: { code: result.code, liftedBy: 'integration-administrator' }, resume: 'pending' }
          : { name: 'failed-terminal', code: result.code },
      ];
  }
}

function retryOrGiveUp(
  attempts: number,
  code: FailureCode,
  now: number,
  fraction: number,
  retryAfterMs: number | null,
): StateOf<'failed-retryable' | 'failed-terminal'> {
  if (attempts >= limits.attemptsMax) return { name: 'failed-terminal', code: 'attempts-used-up' };
  return { name: 'failed-retryable', code, nextAt: now + retryDelayMs(Math.max(attempts, 1), fraction, retryAfterMs) };
}

/**
 * After a look at the chart. Absence is proved only by several trustworthy looks in a row that span the time search
 * indexes may lag; until then, and whenever a look proves nothing, the write stays unknown. That somebody else changed
 * the resource is no proof either that the request does not arrive any more: a conflict needs the same.
 *
 * A request that was only accepted may be carried out at any later time, so that its absence proves nothing: it is
 * looked for until the look-ups are used up, and then a person decides.
 *
 * @param settleMs how long this connection's search may lag behind its commits
 * @param absenceLooks looks in a row that must find nothing
 * @param maintained true while the EHR is being maintained: that it does not answer then uses up nothing
 */
export function afterLook(
  row: WriteRow,
  result: LookResult,
  now: number,
  fraction: number,
  settleMs: number,
  absenceLooks: number = limits.absenceLooksMin,
  maintained = false,
): readonly WriteState[] {
  if (row.state.name !== 'unknown')
    throw new RangeError(`a look settles only an unknown write, not one that is ${row.state.name}`);
  const state = notAhead(row.state, now);
  const looks = state.looks + 1;
  switch (result.outcome) {
    case 'present':
      return [committed(result, now)];
    case 'duplicate':
      return [{ ...state, code: 'chart-has-two', looks, personSince: now }];
    case 'moved':
      // Refused by the EHR itself, the request is not on its way any more: one look is enough.
      if (state.code === 'version-conflict') return [conflictAt(result.reference)];
      return stillUnknown(state, now, fraction, settleMs, absenceLooks) ?? [conflictAt(result.reference)];
    case 'running': {
      const personSince = looks >= limits.lookUpsMax ? now : null;
      return [{ ...state, looks, absentLooks: 0, nextAt: now + lookDelayMs(looks, fraction, result.retryAfterMs), personSince }];
    }
    case 'absent': {
      const still = stillUnknown(state, now, fraction, settleMs, absenceLooks);
      if (still !== null) return still;
      if (state.code === 'several-match' || state.code === 'accepted-then-refused')
        return [{ name: 'failed-terminal', code: state.code }];
      const retry = retryOrGiveUp(row.attempts, state.code, now, fraction, null);
      return retry.name === 'failed-retryable' ? sendAgain(row, retry) : [retry];
    }
    case 'inconclusive': {
      if (maintained && failureOf(result.code).nature === 'retryable')
        return [{ ...state, absentLooks: 0, nextAt: now + lookDelayMs(looks, fraction, result.retryAfterMs) }];
      const personSince = looks >= limits.lookUpsMax ? now : null;
      const code =
        personSince === null || state.code === 'held-in-ehr'
          ? state.code
          : result.code === 'search-not-trusted'
            ? 'search-not-trusted'
            : 'look-ups-used-up';
      return [
        { ...state, code, looks, absentLooks: 0, nextAt: now + lookDelayMs(looks, fraction, result.retryAfterMs), personSince },
      ];
    }
  }
}

/** Recorded by a clock that stood ahead: the time that has to pass since then would not begin for years. */
function notAhead(state: StateOf<'unknown'>, now: number): StateOf<'unknown'> {
  return state.since <= now ? state : { ...state, since: now };
}

/** A write that a look did not find, while that is no proof yet; `null` once it is. */
function stillUnknown(
  state: StateOf<'unknown'>,
  now: number,
  fraction: number,
  settleMs: number,
  absenceLooks: number,
): readonly WriteState[] | null {
  const looks = state.looks + 1;
  const absentLooks = state.absentLooks + 1;
  const next = { ...state, looks, absentLooks, nextAt: now + lookDelayMs(looks, fraction, null) };
  if (state.code === 'accepted-only' || state.code === 'held-in-ehr')
    return [{ ...next, personSince: looks >= limits.lookUpsMax ? now : null }];
  return absentLooks < absenceLooks || now - state.since < settleMs ? [next] : null;
}

function conflictAt(reference: string): StateOf<'conflict'> {
  return { name: 'conflict', code: 'version-conflict', found: reference };
}

/**
 * What an unknown write is when the EHR says that it has ended what it accepted: from here on absence can be proved, with
 * all its looks; and when the EHR says that it failed, proved absence is its answer.
 */
export function acceptedEnded(state: StateOf<'unknown'>, failed: boolean, now: number): StateOf<'unknown'> {
  const { monitor: _monitor, ...kept } = state;
  return { ...kept, code: failed ? 'accepted-then-refused' : 'reply-unclear', since: now, absentLooks: 0 };
}

/**
 * After one more look for a write that a person has been asked about. Found, it is settled; found twice, that is what the
 * person must know. Anything else changes nothing but the time of the next look: hours at first, then days.
 */
export function afterLateLook(row: WriteRow, result: LookResult, now: number): readonly WriteState[] {
  if (row.state.name !== 'unknown' || row.state.personSince === null)
    throw new RangeError(`only what a person was asked about is looked for late, not what is ${row.state.name}`);
  const state = notAhead(row.state, now);
  if (result.outcome === 'present') return [committed(result, now)];
  const looks = state.looks + 1;
  if (result.outcome === 'duplicate') return [{ ...state, code: 'chart-has-two', looks }];
  const steps = [limits.followFirstMs, limits.followSecondMs];
  return [{ ...state, looks, nextAt: now + (steps.find((ms) => now - state.since < ms) ?? limits.followLastMs) }];
}

/**
 * After a check for which the EHR could not be read: checked again later, and held once that has failed too often, so
 * that nothing waits for ever without anyone knowing.
 *
 * @param looks how often the check has failed before
 */
export function afterFailedCheck(
  looks: number,
  code: FailureCode,
  now: number,
  fraction: number,
  retryAfterMs: number | null,
): StateOf<'draft' | 'held'> {
  if (looks + 1 < limits.checksMax) {
    return { name: 'draft', nextAt: now + lookDelayMs(looks, fraction, retryAfterMs), looks: looks + 1, code };
  }
  const reason = `${looks + 1} checks failed, the last one so: ${failureOf(code).words}`;
  return { name: 'held', hold: { code: 'checks-used-up', liftedBy: 'operations-lead', reason }, resume: 'draft' };
}

/** What is due for an EHR that is down: held, with what had to be done last; `null` where that is not for it. */
export function heldAsDown(row: WriteRow, now: number, code: FailureCode): readonly WriteState[] | null {
  const { name } = row.state;
  if (name !== 'draft' && name !== 'pending' && name !== 'failed-retryable') return null;
  const reason = `the EHR has not worked for some time, the last time so: ${failureOf(code).words}`;
  const hold: Hold = { code: 'checks-used-up', liftedBy: 'operations-lead', reason };
  return [
    ...(name === 'failed-retryable' ? [{ name: 'pending', nextAt: now } as const] : []),
    { name: 'held', hold, resume: name === 'draft' ? 'draft' : 'pending' },
  ];
}

/** When the EHR could not be read just before sending: put off, and held once that has happened too often. */
export function putOff(
  row: WriteRow,
  code: FailureCode,
  now: number,
  fraction: number,
  retryAfterMs: number | null,
): readonly WriteState[] {
  const looks = row.state.name === 'pending' ? (row.state.looks ?? 0) : 0;
  const through: readonly WriteState[] = row.state.name === 'failed-retryable' ? [{ name: 'pending', nextAt: now }] : [];
  const held = (hold: Hold): readonly WriteState[] => [...through, { name: 'held', hold, resume: 'pending' }];
  if (failureOf(code).nature === 'lift') return held({ code, liftedBy: 'integration-administrator' });
  if (looks + 1 < limits.checksMax)
    return [...through, { name: 'pending', nextAt: now + lookDelayMs(looks, fraction, retryAfterMs), looks: looks + 1, code }];
  const reason = `it could not be sent ${looks + 1} times, the last time so: ${failureOf(code).words}`;
  return held({ code: 'checks-used-up', liftedBy: 'operations-lead', reason });
}

/** Approved and due, and its connection's calendar does not let it go: it waits in its lane, and says for what. */
export function waitForCalendar(row: WriteRow, wait: CalendarWait, now: number): readonly WriteState[] {
  const { code, until, words: reason } = wait;
  // Its attempt is on disk, and nothing of it has left.
  if (row.state.name === 'in-flight') return [{ name: 'failed-retryable', code, nextAt: until }];
  const through: readonly WriteState[] = row.state.name === 'failed-retryable' ? [{ name: 'pending', nextAt: now }] : [];
  return [...through, { name: 'pending', nextAt: until, code, reason }];
}

/** True for a write that only waits for its connection's calendar: it goes on by itself, and not before. */
export function waitsForCalendar({ state }: Pick<WriteRow, 'state'>): boolean {
  if (state.name !== 'pending' && state.name !== 'failed-retryable') return false;
  return state.code === 'maintenance-window' || state.code === 'daily-cap';
}

/** The way on for a write that is not in the chart: a person is asked before something dangerous goes a second time. */
export function sendAgain(row: Pick<WriteRow, 'tier' | 'selection'>, retry: StateOf<'failed-retryable'>): readonly WriteState[] {
  if (row.tier !== 'high' && row.selection === undefined) return [retry];
  return [
    retry,
    { name: 'awaiting-approval', roles: ['clinical-owner'], reason: 'sent once, and not in the chart; may it be sent again?' },
  ];
}

/**
 * When the engine itself broke on a write (rule 10): what is known stays known, what may be in the chart goes to a
 * person, and only what was never sent, or is proved absent, fails. `null`: nothing to change.
 */
export function afterFault(row: WriteRow, now: number, fraction: number): readonly WriteState[] | null {
  const { state } = row;
  switch (state.name) {
    case 'in-flight':
      return afterCrash(now, fraction);
    case 'unknown':
      return [{ ...state, code: 'invariant-broken', personSince: now }];
    case 'committed':
      return [
        {
          ...state,
          verification: { result: 'not-verifiable', reason: 'Countersign could not compare it; see the operational log' },
        },
      ];
    case 'draft':
    case 'pending':
    case 'failed-retryable':
      return [{ name: 'failed-terminal', code: 'invariant-broken' }];
    case 'validated':
    case 'awaiting-approval':
    case 'held':
    case 'conflict':
    case 'failed-terminal':
    case 'resolved-by-hand':
    case 'superseded':
    case 'withdrawn':
    case 'compensated':
    case 'corrected':
    case 'quarantined':
      return null;
  }
}

/** Ended here as not charted by us: found in the chart after all, somebody has to look. */
const givenUp: readonly StateName[] = ['failed-terminal', 'withdrawn', 'superseded', 'conflict', 'resolved-by-hand'];
/** Still to be sent, or stopped on the way there. */
const unsent: readonly StateName[] = ['draft', 'awaiting-approval', 'held', 'pending', 'failed-retryable'];

/**
 * True for a write of which bytes have left and that counts as not charted: what an EHR does late is to be found out,
 * wherever the write stands by then.
 */
export function mayBeLate({ attempts, state }: Pick<WriteRow, 'attempts' | 'state'>): boolean {
  return attempts > 0 && (givenUp.includes(state.name) || unsent.includes(state.name));
}

/**
 * A write that counts as not charted and stands in the chart all the same: `late` when it had been given up. `null` for
 * any other.
 */
export function lateSuccess(row: WriteRow, found: Parameters<typeof committed>[0], now: number): readonly WriteState[] | null {
  return mayBeLate(row) ? [committed(found, now, givenUp.includes(row.state.name))] : null;
}

/**
 * A write that stands in the chart though the ledger, which has lost its end, does not know that it was sent; `late` when it
 * counts as given up. `null` where the write is not one that counts as not charted.
 */
export function foundAfterLoss(row: WriteRow, found: Parameters<typeof committed>[0], now: number): readonly WriteState[] | null {
  return lateSuccess({ ...row, attempts: Math.max(1, row.attempts) }, found, now);
}

/** What recovery makes of a write whose engine is gone: it may be in the chart. */
export function afterCrash(now: number, fraction: number): readonly WriteState[] {
  return [unknown('crashed-in-flight', now, fraction)];
}
