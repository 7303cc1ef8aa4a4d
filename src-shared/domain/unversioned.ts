import { asObject, stringifyExact, type ExactObject } from '../fhir/index.ts';
import { sha256Hex, type Sha256 } from './hash.ts';
import type { Finding } from './entries.ts';

/**
 * Updates where the EHR gives no versions (D2): what an update changes is read again and compared with what the approver
 * saw just before it is sent. Between that look and the change somebody else can still write, and their change is lost:
 * a weaker guarantee than If-Match, and said on the write.
 */

/** Hash of a resource's content: all of it but what its server says about itself. */
export function baseSha256(sha256: Sha256, resource: ExactObject): string {
  const { meta, ...rest } = resource;
  const { versionId: _version, lastUpdated: _time, source: _source, ...kept } = asObject(meta) ?? {};
  return sha256Hex(sha256, stringifyExact({ ...rest, ...(Object.keys(kept).length > 0 && { meta: kept }) }));
}

/** What is said on a write that goes without a version. */
export function weakerGuarantee(reference: string): Finding {
  return {
    rule: 'weaker-guarantee',
    severity: 'information',
    path: reference,
    message: 'weaker guarantee: the EHR does not check versions',
    next: 'It is compared with the chart just before it is sent; a change made in that moment would be overwritten.',
  };
}
