import { limits } from '../limits/index.ts';
import type { FailureCode } from './failures.ts';
import { failureOf } from './failures.ts';
import { lookDelayMs, retryDelayMs } from './schedule.ts';
import type { Hold, Landing, StateOf, Verification, WriteRow, WriteState } from './write.ts';

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
  | { readonly outcome: 'unknown'; readonly code: FailureCode }
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

export function unknown(code: FailureCode, now: number, fraction: number): StateOf<'unknown'> {
  return {
    name: 'unknown',
    code,
    since: now,
    looks: 0,
    absentLooks: 0,
    nextAt: now + lookDelayMs(0, fraction, null),
    personSince: null,
  };
}

/** After a send. `fraction` is chance for the jitter. */
export function afterSend(row: WriteRow, result: SendResult, now: number, fraction: number): readonly WriteState[] {
  switch (result.outcome) {
    case 'applied':
      return [committed(result, now)];
    case 'unknown':
      return [unknown(result.code, now, fraction)];
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
 * indexes may lag; until then, and whenever a look proves nothing, the write stays unknown.
 *
 * A request that was only accepted may be carried out at any later time, so that its absence proves nothing: it is
 * looked for until the look-ups are used up, and then a person decides.
 *
 * @param settleMs how long this connection's search may lag behind its commits
 * @param absenceLooks looks in a row that must find nothing
 */
export function afterLook(
  row: WriteRow,
  result: LookResult,
  now: number,
  fraction: number,
  settleMs: number,
  absenceLooks: number = limits.absenceLooksMin,
): readonly WriteState[] {
  if (row.state.name !== 'unknown')
    throw new RangeError(`a look settles only an unknown write, not one that is ${row.state.name}`);
  const { state } = row;
  const looks = state.looks + 1;
  switch (result.outcome) {
    case 'present':
      return [committed(result, now)];
    case 'duplicate':
      return [{ ...state, code: 'chart-has-two', looks, personSince: now }];
    case 'moved':
      return [{ name: 'conflict', code: 'version-conflict', found: result.reference }];
    case 'absent': {
      const absentLooks = state.absentLooks + 1;
      if (state.code === 'accepted-only') {
        const personSince = looks >= limits.lookUpsMax ? now : null;
        return [{ ...state, looks, absentLooks, nextAt: now + lookDelayMs(looks, fraction, null), personSince }];
      }
      if (absentLooks < absenceLooks || now - state.since < settleMs) {
        return [{ ...state, looks, absentLooks, nextAt: now + lookDelayMs(looks, fraction, null) }];
      }
      if (state.code === 'several-match') return [{ name: 'failed-terminal', code: 'several-match' }];
      const retry = retryOrGiveUp(row.attempts, state.code, now, fraction, null);
      return retry.name === 'failed-retryable' ? sendAgain(row, retry) : [retry];
    }
    case 'inconclusive': {
      const personSince = looks >= limits.lookUpsMax ? now : null;
      const code =
        personSince !== null ? (result.code === 'search-not-trusted' ? 'search-not-trusted' : 'look-ups-used-up') : state.code;
      return [
        { ...state, code, looks, absentLooks: 0, nextAt: now + lookDelayMs(looks, fraction, result.retryAfterMs), personSince },
      ];
    }
  }
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
export function heldAsDown(row: WriteRow, now: number): readonly WriteState[] | null {
  const { name } = row.state;
  if (name !== 'draft' && name !== 'pending' && name !== 'failed-retryable') return null;
  const hold: Hold = { code: 'checks-used-up', liftedBy: 'operations-lead', reason: 'the EHR has not worked for some time' };
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

/** The way on for a write that is not in the chart: a person is asked before something dangerous goes a second time. */
export function sendAgain(row: Pick<WriteRow, 'tier'>, retry: StateOf<'failed-retryable'>): readonly WriteState[] {
  if (row.tier !== 'high') return [retry];
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

/** True for a write that was given up although bytes of it had left: what an EHR does late is to be found out. */
export function mayBeLate(row: WriteRow): boolean {
  const { name } = row.state;
  return row.attempts > 0 && (name === 'failed-terminal' || name === 'withdrawn' || name === 'superseded');
}

/** A write that was given up and stands in the chart all the same; `null` when it was not given up. */
export function lateSuccess(row: WriteRow, found: Parameters<typeof committed>[0], now: number): readonly WriteState[] | null {
  return mayBeLate(row) ? [committed(found, now, true)] : null;
}

/** What recovery makes of a write whose engine is gone: it may be in the chart. */
export function afterCrash(now: number, fraction: number): readonly WriteState[] {
  return [unknown('crashed-in-flight', now, fraction)];
}
