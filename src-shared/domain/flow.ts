import { limits } from '../limits/index.ts';
import type { FailureCode } from './failures.ts';

/**
 * How much one connection may do now (C6): a circuit breaker with a probe, the pause an EHR asked for, and a token
 * bucket. Pure; all times are milliseconds of the monotonic clock, so that a step of the wall clock changes nothing.
 */
export interface Flow {
  /** Failures in a row that say that the EHR, not the request, is the trouble. */
  readonly failures: number;
  /** Nothing goes before this; afterwards one thing at a time, until something succeeds. */
  readonly openUntil: number | null;
  /** Times the breaker has opened since something last succeeded. */
  readonly opened: number;
  readonly pausedUntil: number;
  readonly tokens: number;
  /** Requests that may be sent again: storms of retries are not to be possible. */
  readonly retryTokens: number;
  readonly refilledAt: number;
}

/** What a connection may do at most; `null`: as much as the product's limits allow. */
export interface FlowSettings {
  readonly inFlightMax?: number;
  readonly sendsPerMinuteMax?: number;
  /** Left out: the least that is always allowed, and a share of what is sent for the first time. */
  readonly retriesPerMinuteMax?: number;
}

export function newFlow(now: number): Flow {
  return {
    failures: 0,
    openUntil: null,
    opened: 0,
    pausedUntil: 0,
    tokens: Number.POSITIVE_INFINITY,
    retryTokens: Number.POSITIVE_INFINITY,
    refilledAt: now,
  };
}

const TROUBLE: readonly FailureCode[] = ['ehr-unreachable', 'ehr-unavailable', 'ehr-fault', 'reply-lost', 'reply-late'];

/** After one exchange with the EHR. `code`: `null` when it answered as it should. */
export function afterExchange(flow: Flow, code: FailureCode | null, retryAfterMs: number | null, now: number): Flow {
  const asked = retryAfterMs === null ? 0 : now + Math.min(retryAfterMs, limits.retryAfterMaxMs);
  const pausedUntil = Math.max(flow.pausedUntil, asked);
  if (code === null || !TROUBLE.includes(code)) return { ...flow, pausedUntil, failures: 0, openUntil: null, opened: 0 };
  const failures = flow.failures + 1;
  // What was already under way when the breaker opened says nothing new.
  const opens = failures >= limits.breakerFailuresMax && (flow.openUntil === null || now >= flow.openUntil);
  if (!opens) return { ...flow, pausedUntil, failures };
  const waits = Math.min(limits.breakerOpenMaxMs, limits.breakerOpenMs * 2 ** Math.min(flow.opened, 30));
  return { ...flow, pausedUntil, failures, openUntil: now + waits, opened: flow.opened + 1 };
}

/** True once the EHR has been in trouble for so long that what is due for it must not go on waiting. */
export function isDown(flow: Flow): boolean {
  return flow.opened >= limits.breakerRestsMax;
}

/** With the tokens that have come since; a bucket holds those of one second (of ten, for retries), and at least one. */
export function refilled(flow: Flow, settings: FlowSettings, now: number): Flow {
  const retries = retryRate(settings);
  const grown = Math.min(flow.retryTokens, retries.size) + ((now - flow.refilledAt) * retries.perMinute) / 60_000;
  return refilledSends({ ...flow, retryTokens: Math.min(retries.size, grown) }, settings, now);
}

function refilledSends(flow: Flow, settings: FlowSettings, now: number): Flow {
  const rate = settings.sendsPerMinuteMax;
  if (rate === undefined) return { ...flow, tokens: Number.POSITIVE_INFINITY, refilledAt: now };
  const size = Math.max(1, rate / 60);
  const before = Math.min(flow.tokens, size);
  return { ...flow, tokens: Math.min(size, before + ((now - flow.refilledAt) * rate) / 60_000), refilledAt: now };
}

/**
 * When the connection may take up one more piece of work: 0 for at once, else the time to ask again; `null` when
 * something under way has to end first.
 *
 * @param underWay pieces of work under way on the connection
 * @param sends true when the work would send a change, which takes a token
 */
export function admits(flow: Flow, settings: FlowSettings, underWay: number, sends: boolean, now: number): number | null {
  if (flow.pausedUntil > now) return flow.pausedUntil;
  if (flow.openUntil !== null) {
    if (flow.openUntil > now) return flow.openUntil;
    // Half open: one probe, and the rest when it has come back well.
    if (underWay > 0) return null;
  }
  if (underWay >= Math.min(settings.inFlightMax ?? limits.inFlightPerConnectionMax, limits.inFlightPerConnectionMax)) return null;
  if (!sends || flow.tokens >= 1) return 0;
  return now + Math.ceil(((1 - flow.tokens) * 60_000) / (settings.sendsPerMinuteMax ?? 60_000));
}

/**
 * When a request may be sent again as far as the connection's budget of retries goes: 0 for at once, else the time to ask
 * again. The breaker and the rate of the connection have their say besides.
 */
export function admitsRetry(flow: Flow, settings: FlowSettings, now: number): number {
  if (flow.retryTokens >= 1) return 0;
  return now + Math.ceil(((1 - flow.retryTokens) * 60_000) / retryRate(settings).perMinute);
}

/** After a send was taken up; one that goes for the first time lets a share of a retry follow. */
export function spent(flow: Flow, settings: FlowSettings, again: boolean): Flow {
  const share = settings.retriesPerMinuteMax === undefined ? limits.retriesPercent / 100 : 0;
  const retryTokens = again ? flow.retryTokens - 1 : Math.min(retryRate(settings).size, flow.retryTokens + share);
  return { ...flow, tokens: flow.tokens - 1, retryTokens };
}

function retryRate({ retriesPerMinuteMax }: FlowSettings): { readonly perMinute: number; readonly size: number } {
  const perMinute = retriesPerMinuteMax ?? limits.retriesPerMinuteMin;
  return { perMinute, size: Math.max(1, perMinute / 6) };
}
