import { asArray, asObject, asString } from './exact-json.ts';
import type { ExactObject } from './exact-json.ts';

const ID = /^[A-Za-z0-9\-.]{1,64}$/;
const TYPE = /^[A-Z][A-Za-z]{1,40}$/;

/** `Type/id` taken apart, with the version where one was named (R4, https://hl7.org/fhir/R4/references.html). */
export interface ParsedReference {
  readonly type: string;
  readonly id: string;
  readonly versionId: string | null;
}

/** True for a logical id that can stand in an address: `.` and `..` have the right characters and would climb out of it. */
export function isAddressableId(id: string): boolean {
  return ID.test(id) && id !== '.' && id !== '..';
}

/** Reads `Type/id` or `Type/id/_history/version`; nothing else, in particular no absolute address. */
export function parseReference(text: string): ParsedReference | undefined {
  const [type = '', id = '', history, versionId, ...more] = text.split('/');
  if (!TYPE.test(type) || !isAddressableId(id) || more.length > 0) return undefined;
  if (history === undefined) return { type, id, versionId: null };
  if (history !== '_history' || versionId === undefined || !isAddressableId(versionId)) return undefined;
  return { type, id, versionId };
}

/** `Type/id` of a resource, or `undefined` when it has no usable type and id. */
export function referenceTo(resource: ExactObject): string | undefined {
  const type = asString(resource.resourceType);
  const id = asString(resource.id);
  return type !== undefined && id !== undefined && TYPE.test(type) && isAddressableId(id) ? `${type}/${id}` : undefined;
}

/** `meta.versionId`, or `null` when the server gives none. */
export function versionOf(resource: ExactObject): string | null {
  return asString(asObject(resource.meta)?.versionId) ?? null;
}

/** True when the resource carries the business identifier; `identifier` is a list in most types and single in a few. */
export function carriesIdentifier(resource: ExactObject, system: string, value: string): boolean {
  const { identifier } = resource;
  const all = Array.isArray(identifier) ? asArray(identifier) : [identifier];
  return all.some((one) => {
    const candidate = asObject(one);
    return candidate?.system === system && candidate.value === value;
  });
}

/** True when `meta.tag` holds the coding: how an update of this product is recognised in a resource's history. */
export function carriesTag(resource: ExactObject, system: string, code: string): boolean {
  return asArray(asObject(resource.meta)?.tag).some((one) => {
    const tag = asObject(one);
    return tag?.system === system && tag.code === code;
  });
}
