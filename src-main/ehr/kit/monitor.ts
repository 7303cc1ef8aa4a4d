import type { MonitorOutcome } from '../../ports/outbound/index.ts';
import { asArray, asObject, asString, outcomeFailed, outcomeIssues, type ExactObject } from '../../../src-shared/fhir/index.ts';
import { classifyRead } from './classify.ts';
import { retryAfterMs } from './headers.ts';
import type { FhirHttp } from './http.ts';

/**
 * Asks for the state of a request that was answered with 202 (R4, https://hl7.org/fhir/R4/async.html): 202 while it is
 * under way, 200 when it has ended, 4xx with an OperationOutcome when it failed. A server error is a failure of the asking,
 * and an address that is no longer known has ended without a word.
 */
export async function askMonitor(http: FhirHttp, address: string, now: () => number): Promise<MonitorOutcome> {
  const reply = await http.getLink(address, { 'cache-control': 'no-cache' });
  const { exchange } = reply;
  if (reply.kind === 'not-sent') return { outcome: 'unclear', code: reply.code, retryAfterMs: null, exchange };
  if (reply.kind === 'lost') return { outcome: 'unclear', code: 'ehr-unreachable', retryAfterMs: null, exchange };
  const { answer } = reply;
  if (answer.status === 202) {
    return { outcome: 'running', retryAfterMs: retryAfterMs(answer.headers['retry-after'], now()), exchange };
  }
  const resource = answer.body.kind === 'resource' ? answer.body.resource : undefined;
  if (answer.status === 200) {
    return answer.body.kind === 'unreadable'
      ? { outcome: 'unclear', code: 'ehr-answer-unreadable', retryAfterMs: null, exchange }
      : { outcome: 'ended', failed: resource !== undefined && tellsFailure(resource), exchange };
  }
  if (REFUSED.has(answer.status) && resource !== undefined && tellsFailure(resource))
    return { outcome: 'ended', failed: true, exchange };
  const verdict = classifyRead(answer, now());
  switch (verdict.verdict) {
    case 'gone':
      return { outcome: 'ended', failed: false, exchange };
    case 'failed':
      return { outcome: 'unclear', code: verdict.code, retryAfterMs: verdict.retryAfterMs, exchange };
    case 'read':
      return { outcome: 'unclear', code: 'ehr-answer-unreadable', retryAfterMs: null, exchange };
  }
}

/** Statuses with which the request itself, not the asking, was refused. */
const REFUSED = new Set([400, 409, 412, 422]);

/** An OperationOutcome of failure, or a Bundle of answers of which one is a refusal. */
function tellsFailure(resource: ExactObject): boolean {
  const issues = outcomeIssues(resource);
  if (issues !== undefined) return outcomeFailed(issues);
  return asArray(resource.entry).some((one) => {
    const status = asString(asObject(asObject(one)?.response)?.status) ?? '';
    return /^[45]/.test(status);
  });
}
