import type { FailureCode, PreparedRecord } from '../../../src-shared/domain/index.ts';
import {
  describeOutcome,
  outcomeFailed,
  outcomeIssues,
  parseReference,
  referenceTo,
  versionOf,
  type ExactObject,
} from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';
import type { Answer } from './answer.ts';
import { referenceInLocation, retryAfterMs, versionInETag } from './headers.ts';

/** What a complete answer to a write says about the change. */
export type WriteVerdict =
  | {
      readonly verdict: 'applied';
      readonly reference: string;
      readonly versionId: string | null;
      readonly resource: ExactObject | null;
    }
  | { readonly verdict: 'conflict'; readonly code: FailureCode }
  | { readonly verdict: 'throttled'; readonly code: FailureCode; readonly retryAfterMs: number | null }
  | { readonly verdict: 'refused'; readonly code: FailureCode; readonly message: string }
  | { readonly verdict: 'unknown'; readonly code: FailureCode };

/** A refusal that says for certain that nothing was changed (RFC 9110, section 15.5; R4, https://hl7.org/fhir/R4/http.html). */
const REFUSALS: Readonly<Record<number, FailureCode>> = {
  301: 'ehr-not-supported',
  302: 'ehr-not-supported',
  307: 'ehr-not-supported',
  308: 'ehr-not-supported',
  400: 'ehr-rejected',
  401: 'sign-in-needed',
  403: 'permission-denied',
  404: 'ehr-not-supported',
  405: 'ehr-not-supported',
  406: 'ehr-not-supported',
  407: 'sign-in-needed',
  410: 'ehr-not-supported',
  411: 'ehr-rejected',
  413: 'ehr-rejected',
  414: 'ehr-rejected',
  415: 'ehr-not-supported',
  421: 'ehr-not-supported',
  422: 'ehr-rejected',
  428: 'ehr-rejected',
  431: 'ehr-rejected',
  501: 'ehr-not-supported',
  505: 'ehr-not-supported',
};

/**
 * Reads the answer to a write. Only what names its result counts as done, and only what cannot come from anything that
 * did the work counts as not done; everything between is unknown. So a 500, 502, 503 or 504 is unknown: it may have been
 * written by something that stands in front of the EHR, after the EHR has committed. So is a 409 on a create, which
 * servers give for locks, for duplicates and for lost races alike.
 *
 * @param now epoch milliseconds, for a Retry-After that names a date
 */
export function classifyWrite(request: Pick<PreparedRecord, 'method' | 'path'>, answer: Answer, now: number): WriteVerdict {
  const { status } = answer;
  const creates = request.method === 'POST';
  switch (status) {
    case 200:
    case 201:
    case 204:
      return applied(request, answer);
    case 202:
      return { verdict: 'unknown', code: 'accepted-only' };
    case 409:
      return creates ? { verdict: 'unknown', code: 'reply-unclear' } : { verdict: 'conflict', code: 'version-conflict' };
    case 412:
      return { verdict: 'conflict', code: creates ? 'several-match' : 'version-conflict' };
    case 429:
      return { verdict: 'throttled', code: 'ehr-rate-limit', retryAfterMs: retryAfterMs(answer.headers['retry-after'], now) };
    default: {
      const code = REFUSALS[status];
      return code === undefined
        ? { verdict: 'unknown', code: 'reply-unclear' }
        : { verdict: 'refused', code, message: messageOf(answer) };
    }
  }
}

function applied(request: Pick<PreparedRecord, 'method' | 'path'>, answer: Answer): WriteVerdict {
  const unclear: WriteVerdict = { verdict: 'unknown', code: 'reply-unclear' };
  const { body, headers } = answer;
  if (body.kind === 'unreadable') return unclear;
  const issues = body.kind === 'resource' ? outcomeIssues(body.resource) : undefined;
  if (issues !== undefined && outcomeFailed(issues)) return unclear;
  const resource = body.kind === 'resource' && issues === undefined ? body.resource : null;
  const place = referenceInLocation(headers.location);
  const etagVersion = versionInETag(headers.etag);
  const inBody = resource === null ? undefined : referenceTo(resource);
  if (resource !== null && inBody === undefined) return unclear;
  const target = request.method === 'POST' ? undefined : updateTarget(request.path);
  // A create is proved by the address it got; an update, whose address is known, by anything that speaks of its result.
  const reference = inBody ?? place?.reference ?? (etagVersion === null ? undefined : target);
  if (reference === undefined) return unclear;
  for (const other of [place?.reference, target]) if (other !== undefined && other !== reference) return unclear;
  if (!reference.startsWith(`${request.path.split('/')[0] ?? ''}/`)) return unclear;
  const versionId = (resource === null ? null : versionOf(resource)) ?? etagVersion ?? place?.versionId ?? null;
  return { verdict: 'applied', reference, versionId, resource };
}

function updateTarget(path: string): string | undefined {
  const parsed = parseReference(path);
  return parsed === undefined ? undefined : `${parsed.type}/${parsed.id}`;
}

/** Why a read brought nothing. */
export interface ReadFailure {
  readonly code: FailureCode;
  readonly retryAfterMs: number | null;
  readonly message: string;
}

export type ReadVerdict =
  | { readonly verdict: 'read'; readonly resource: ExactObject }
  /** 404 or 410 in the EHR's own words, not in those of whatever stands before it. */
  | { readonly verdict: 'gone' }
  | ({ readonly verdict: 'failed' } & ReadFailure);

const READ_FAILURES: Readonly<Record<number, FailureCode>> = {
  400: 'ehr-rejected',
  401: 'sign-in-needed',
  403: 'permission-denied',
  405: 'ehr-not-supported',
  407: 'sign-in-needed',
  422: 'ehr-rejected',
  429: 'ehr-rate-limit',
  500: 'ehr-fault',
  501: 'ehr-not-supported',
  502: 'ehr-fault',
  503: 'ehr-unavailable',
  504: 'ehr-fault',
};

/** Reads the answer to a GET. Reads change nothing, so that here a 5xx is plainly a failure. */
export function classifyRead(answer: Answer, now: number): ReadVerdict {
  const { status, body, headers } = answer;
  const failed = (code: FailureCode): ReadVerdict => ({
    verdict: 'failed',
    code,
    retryAfterMs: status === 429 || status === 503 ? retryAfterMs(headers['retry-after'], now) : null,
    message: messageOf(answer),
  });
  const issues = body.kind === 'resource' ? outcomeIssues(body.resource) : undefined;
  if (status === 200) {
    return body.kind === 'resource' && issues === undefined
      ? { verdict: 'read', resource: body.resource }
      : failed('ehr-answer-unreadable');
  }
  if (status === 404 || status === 410) {
    return body.kind === 'none' || issues !== undefined ? { verdict: 'gone' } : failed('ehr-answer-unreadable');
  }
  return failed(READ_FAILURES[status] ?? 'ehr-answer-unreadable');
}

/** The EHR's own words about an answer, or what there is to say without them. */
export function messageOf(answer: Answer): string {
  const { status, body, headers } = answer;
  const issues = body.kind === 'resource' ? outcomeIssues(body.resource) : undefined;
  if (issues !== undefined && issues.length > 0) return `HTTP ${status}: ${describeOutcome(issues, limits.messageCharsMax)}`;
  if (body.kind === 'unreadable') return `HTTP ${status}, ${body.reason}`;
  if (status >= 300 && status < 400)
    return `HTTP ${status}, a redirect${headers.location === undefined ? '' : ' that is not followed'}`;
  return `HTTP ${status}`;
}
