import type { ExactObject, ExactValue } from '../../src-shared/fhir/index.ts';
import { asArray, asObject } from '../../src-shared/fhir/index.ts';

/** Changes to exact JSON values. Nothing is changed in place: what is not touched is shared with the original. */

/** Removes what stands at a dotted path of member names, in every member of every list on the way. */
export function without(value: ExactValue, path: readonly string[]): ExactValue {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (Array.isArray(value)) return asArray(value).map((item) => without(item, path));
  const object = asObject(value);
  const child = object?.[name];
  if (object === undefined || child === undefined) return value;
  const copy: Record<string, ExactValue | undefined> = { ...object };
  const pruned = rest.length === 0 ? undefined : without(child, rest);
  if (pruned === undefined || isHollow(pruned)) delete copy[name];
  else copy[name] = pruned;
  return copy;
}

// FHIR allows no empty object and no empty list (https://hl7.org/fhir/R4/json.html).
function isHollow(value: ExactValue): boolean {
  if (Array.isArray(value)) return value.length === 0;
  const object = asObject(value);
  return object !== undefined && Object.keys(object).length === 0;
}

/** Replaces the members that hold addresses (`reference`, and `url` of an attachment) where `map` has something for them. */
export function rewriteReferences(value: ExactValue, map: (text: string) => string | undefined): ExactValue {
  if (Array.isArray(value)) {
    const list = asArray(value);
    let changed = false;
    const copy = list.map((item) => {
      const next = rewriteReferences(item, map);
      changed ||= next !== item;
      return next;
    });
    return changed ? copy : value;
  }
  const object = asObject(value);
  if (object === undefined) return value;
  let copy: Record<string, ExactValue | undefined> | undefined;
  for (const [key, child] of Object.entries(object)) {
    if (child === undefined) continue;
    const next =
      typeof child === 'string'
        ? ((key === 'reference' || key === 'url' ? map(child) : undefined) ?? child)
        : rewriteReferences(child, map);
    if (next !== child) (copy ??= { ...object })[key] = next;
  }
  return copy ?? value;
}

/** The resource as it is stored: the server's id, version and time in their places, the rest as it came. */
export function withServerMeta(resource: ExactObject, id: string, version: number, lastUpdated: string): ExactObject {
  const { resourceType, id: _id, meta, ...rest } = resource;
  const kept: Record<string, ExactValue | undefined> = { ...asObject(meta) };
  delete kept['versionId'];
  delete kept['lastUpdated'];
  return { resourceType, id, meta: { versionId: String(version), lastUpdated, ...kept }, ...rest };
}
