import type { ReadOutcome } from '../../ports/outbound/index.ts';
import { parseReference, referenceTo, versionOf } from '../../../src-shared/fhir/index.ts';
import { classifyRead } from './classify.ts';
import type { FhirHttp } from './http.ts';

/** Reads a resource at its current version. What comes back must be the one that was asked for. */
export async function readResource(http: FhirHttp, reference: string, now: () => number): Promise<ReadOutcome> {
  const parsed = parseReference(reference);
  if (parsed === undefined || parsed.versionId !== null) {
    return { outcome: 'failed', code: 'invariant-broken', retryAfterMs: null, exchange: [] };
  }
  const reply = await http.get(reference, { 'cache-control': 'no-cache' });
  const { exchange } = reply;
  if (reply.kind === 'not-sent') return { outcome: 'failed', code: reply.code, retryAfterMs: null, exchange };
  if (reply.kind === 'lost') return { outcome: 'failed', code: 'ehr-unreachable', retryAfterMs: null, exchange };
  const verdict = classifyRead(reply.answer, now());
  switch (verdict.verdict) {
    case 'gone':
      return { outcome: 'gone', exchange };
    case 'failed':
      return { outcome: 'failed', code: verdict.code, retryAfterMs: verdict.retryAfterMs, exchange };
    case 'read': {
      const { resource } = verdict;
      if (referenceTo(resource) !== reference)
        return { outcome: 'failed', code: 'ehr-answer-unreadable', retryAfterMs: null, exchange };
      return { outcome: 'read', match: { reference, versionId: versionOf(resource), resource }, exchange };
    }
  }
}
