import { limits } from '../limits/index.ts';
import type { FailureCode } from './failures.ts';

/** One circuit breaker. */
interface Breaker {
  /** Failures in a row that say that the EHR, not the request, is the trouble. */
  readonly failures: number;
  /** Nothing goes before this; afterwards one thing at a time, until something succeeds. */
  readonly openUntil: number | null;
  /** Times the breaker has opened since something last succeeded. */
  readonly opened: number;
  /** The last of these failures. */
  readonly code: FailureCode | null;
}

/**
 * How much one connection may do now (C6): a circuit breaker with a probe for everything and one for changes alone, the
 * pause an EHR asked for, and a token bucket. Pure; all times are milliseconds of the monotonic clock, so that a step of the
 * wall clock changes nothing.
 */
export interface Flow extends Breaker {
  /** Of changes alone: an EHR that still answers reads may take no changes, and its answers must not make them go on. */
  readonly changes: Breaker;
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

/**
 * What one of so many engines may do of what a connection may do at most, so that together they do not do more. Each may
 * always have one thing under way, and the retries that are always allowed.
 */
export function shareOf(settings: FlowSettings, engines: number): FlowSettings {
  if (engines <= 1) return settings;
  const { inFlightMax = limits.inFlightPerConnectionMax, sendsPerMinuteMax, retriesPerMinuteMax } = settings;
  return {
    inFlightMax: Math.max(1, Math.floor(Math.min(inFlightMax, limits.inFlightPerConnectionMax) / engines)),
    ...(sendsPerMinuteMax === undefined ? {} : { sendsPerMinuteMax: sendsPerMinuteMax / engines }),
    ...(retriesPerMinuteMax === undefined ? {} : { retriesPerMinuteMax: retriesPerMinuteMax / engines }),
  };
}

const CLOSED: Breaker = { failures: 0, openUntil: null, opened: 0, code: null };

export function newFlow(now: number): Flow {
  return {
    ...CLOSED,
    changes: CLOSED,
    pausedUntil: 0,
    tokens: Number.POSITIVE_INFINITY,
    retryTokens: Number.POSITIVE_INFINITY,
    refilledAt: now,
  };
}

const TROUBLE: readonly FailureCode[] = ['ehr-unreachable', 'ehr-unavailable', 'ehr-fault', 'reply-lost', 'reply-late'];

/**
 * After one exchange with the EHR.
 *
 * @param code `null` when it answered as it should
 * @param sent true when it was a change that was sent
 */
export function afterExchange(
  flow: Flow,
  code: FailureCode | null,
  retryAfterMs: number | null,
  now: number,
  sent = false,
): Flow {
  const asked = retryAfterMs === null ? 0 : now + Math.min(retryAfterMs, limits.retryAfterMaxMs);
  const pausedUntil = Math.max(flow.pausedUntil, asked);
  const trouble = code !== null && TROUBLE.includes(code) ? code : null;
  const changes = sent ? afterCall(flow.changes, trouble, now) : flow.changes;
  return { ...flow, pausedUntil, ...afterCall(flow, trouble, now), changes };
}

function afterCall({ failures: before, openUntil, opened }: Breaker, code: FailureCode | null, now: number): Breaker {
  if (code === null) return CLOSED;
  const failures = before + 1;
  // What was already under way when the breaker opened says nothing new.
  const opens = failures >= limits.breakerFailuresMax && (openUntil === null || now >= openUntil);
  if (!opens) return { failures, openUntil, opened, code };
  const waits = Math.min(limits.breakerOpenMaxMs, limits.breakerOpenMs * 2 ** Math.min(opened, 30));
  return { failures, openUntil: now + waits, opened: opened + 1, code };
}

/**
 * True once the EHR has been in trouble for so long that what is due for it must not go on waiting.
 *
 * @param sends true for what would send a change
 */
export function isDown(flow: Flow, sends = false): boolean {
  return flow.opened >= limits.breakerRestsMax || (sends && flow.changes.opened >= limits.breakerRestsMax);
}

/** What a connection does not do for now, and why. */
export interface Rest {
  readonly what: 'everything' | 'changes';
  readonly code: FailureCode;
  /** It has lasted so long that what is due is held. */
  readonly down: boolean;
}

/** What the breakers of the connection keep back; `null`: nothing. */
export function restOf(flow: Flow): Rest | null {
  const [what, { openUntil, code }] =
    flow.openUntil === null ? (['changes', flow.changes] as const) : (['everything', flow] as const);
  return openUntil === null || code === null ? null : { what, code, down: isDown(flow, true) };
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
 * When one more change may be sent as far as the breaker of changes goes: 0 for at once, else the time to ask again; `null`
 * when the probe that is under way has to end first.
 *
 * @param sending changes under way on the connection
 */
export function admitsChange({ changes: { openUntil } }: Flow, sending: number, now: number): number | null {
  if (openUntil === null) return 0;
  if (openUntil > now) return openUntil;
  return sending > 0 ? null : 0;
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

/** The row in which the ledger keeps what is left of a connection's budget of retries; no cap's key ends like this. */
export function retriesKey(connection: string): string {
  return `${connection} retries`;
}

/** The row in which the ledger keeps what a connection does not do for now. */
export function restsKey(connection: string): string {
  return `${connection} rests`;
}

/** What is left of the budget of retries, in whole thousandths of one. */
export function retriesLeft(flow: Flow): number {
  return Math.max(0, Math.floor(Math.min(flow.retryTokens, Number.MAX_SAFE_INTEGER / 1_000) * 1_000));
}

/**
 * The flow of a connection on which an engine before this one sent again: its budget of retries goes on where that one
 * left it, so that no restart makes it full.
 *
 * @param left thousandths of a retry that were left then
 * @param sinceMs milliseconds since then, on the wall clock; less than none where that clock was set back
 */
export function withRetriesLeft(flow: Flow, settings: FlowSettings, left: number, sinceMs: number): Flow {
  const { perMinute, size } = retryRate(settings);
  const grown = left / 1_000 + (Math.max(0, sinceMs) * perMinute) / 60_000;
  return { ...flow, retryTokens: Math.min(flow.retryTokens, size, grown) };
}

function retryRate({ retriesPerMinuteMax }: FlowSettings): { readonly perMinute: number; readonly size: number } {
  const perMinute = retriesPerMinuteMax ?? limits.retriesPerMinuteMin;
  return { perMinute, size: Math.max(1, perMinute / 6) };
}
