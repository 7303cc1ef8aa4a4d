import { asObject, asString, type ExactObject } from '../../../src-shared/fhir/index.ts';
import { quote } from './rules.ts';

/** References as R4 writes them (R4, references: literal references). */

const ID = '[A-Za-z0-9\\-.]{1,64}';
const RELATIVE = new RegExp(`^([A-Z][A-Za-z]+)/${ID}(?:/_history/${ID})?$`);
const ABSOLUTE = /^https?:\/\/[^\s/?#]+(?:\/[^\s?#]*)?$/;
const ABSOLUTE_TYPED = new RegExp(`/([A-Z][A-Za-z]+)/${ID}(?:/_history/${ID})?$`);
const URN = /^urn:(?:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|oid:[0-2](?:\.(?:0|[1-9]\d*))+)$/;
const CONTAINED = new RegExp(`^#(?:${ID})?$`);

/** Where a literal reference points: the resource type where the text says it, and the id of a contained resource. */
export interface Literal {
  readonly type: string | undefined;
  readonly contained: string | undefined;
}

/** Reads the text of a literal reference; `undefined` when it is none. */
export function readLiteral(text: string): Literal | undefined {
  const relative = RELATIVE.exec(text);
  if (relative !== null) return { type: relative[1], contained: undefined };
  if (CONTAINED.test(text)) return { type: undefined, contained: text.slice(1) };
  if (URN.test(text)) return { type: undefined, contained: undefined };
  if (ABSOLUTE.test(text)) return { type: ABSOLUTE_TYPED.exec(text)?.[1], contained: undefined };
  return undefined;
}

/** What is wrong with a Reference as such: it needs a literal, an identifier or a display, and the literal must be one. */
export function referenceFault(reference: ExactObject): string | undefined {
  const text = asString(reference['reference']);
  if (text !== undefined) {
    return text.trim() === '' || readLiteral(text) !== undefined ? undefined : `has the reference ${quote(text)}, which is none`;
  }
  const says = ['display', 'identifier', 'extension', '_reference'].some(
    (key) => asObject(reference[key]) ?? asString(reference[key]) ?? Array.isArray(reference[key]),
  );
  return says ? undefined : 'refers to nothing: it needs a reference, an identifier or a display';
}

/** What is wrong with the type of resource referred to, as far as the Reference says it. */
export function targetFault(
  reference: ExactObject,
  allowed: ReadonlySet<string> | undefined,
  isResourceType: (type: string) => boolean,
): string | undefined {
  const named = asString(reference['type']);
  const type = readLiteral(asString(reference['reference']) ?? '')?.type ?? named;
  if (type === undefined) return undefined;
  if (named !== undefined && named !== type)
    return `says it refers to a ${quote(named)}, but its address is that of a ${quote(type)}`;
  if (!isResourceType(type)) return `refers to a ${quote(type)}, which is not a resource type of R4`;
  if (allowed !== undefined && !allowed.has(type)) return `refers to a ${type}; R4 allows ${[...allowed].join(', ')}`;
  return undefined;
}
