import { isUtf8 } from 'node:buffer';
import { limits } from '../../../src-shared/limits/index.ts';
import { asObject, parseExact, type ExactObject } from '../../../src-shared/fhir/index.ts';

/** A complete answer of an EHR, read as far as it can be understood. */
export interface Answer {
  readonly status: number;
  /** Those of `keptHeaders` that came. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AnswerBody;
}

export type AnswerBody =
  | { readonly kind: 'none' }
  | { readonly kind: 'resource'; readonly resource: ExactObject }
  /** Bytes came that are not a FHIR resource in JSON: a login page, a cut answer, another encoding. */
  | { readonly kind: 'unreadable'; readonly reason: string };

const unreadable = (reason: string): AnswerBody => ({ kind: 'unreadable', reason });
// R4, https://hl7.org/fhir/R4/http.html#mime-type, and the name that older servers use.
const JSON_TYPE = /^application\/(?:fhir\+json|json|json\+fhir)\s*(?:;|$)/i;
const OTHER_CHARSET = /charset\s*=\s*"?(?!utf-?8\b)[^";\s]/i;

/**
 * Reads the bytes of an answer as a FHIR resource. Strict on purpose: what is not plainly a resource is not evidence of
 * anything, whatever the status line says.
 */
export function readBody(bytes: Buffer, contentType: string | undefined, contentEncoding: string | undefined): AnswerBody {
  if (bytes.length === 0) return { kind: 'none' };
  if (contentEncoding !== undefined && contentEncoding !== 'identity')
    return unreadable(`compressed (${contentEncoding}) without being asked to`);
  if (contentType !== undefined && !JSON_TYPE.test(contentType)) return unreadable(`content type ${contentType.slice(0, 80)}`);
  if (contentType !== undefined && OTHER_CHARSET.test(contentType)) return unreadable(`content type ${contentType.slice(0, 80)}`);
  if (!isUtf8(bytes)) return unreadable('not UTF-8');
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return unreadable('begins with a byte order mark');
  const parsed = parseExact(bytes.toString('utf8'), limits.jsonDepthMax);
  if (!parsed.ok) return unreadable(`${parsed.fault.message} (line ${parsed.fault.line}, column ${parsed.fault.column})`);
  const resource = asObject(parsed.value);
  return typeof resource?.resourceType === 'string' ? { kind: 'resource', resource } : unreadable('not a FHIR resource');
}
