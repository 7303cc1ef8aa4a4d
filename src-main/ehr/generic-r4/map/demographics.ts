import { writeIdentifierSystem, type DemographicsContent } from '../../../../src-shared/domain/index.ts';
import {
  asArray,
  asObject,
  codeableConcept,
  coding,
  members,
  type ExactObject,
  type ExactValue,
} from '../../../../src-shared/fhir/index.ts';

/** Lists that a change of demographics replaces as a whole: what else stands in them afterwards is a difference. */
export const replacedLists: ReadonlySet<string> = new Set(['name', 'telecom', 'address', 'communication']);

/** The members of the Patient that a change names, as they shall stand afterwards (https://hl7.org/fhir/R4/patient.html). */
export function changedMembers(item: DemographicsContent, current: ExactObject): ExactObject {
  return members({
    name: item.name === undefined ? undefined : renamed(item.name, asArray(current.name)),
    telecom: item.telecom?.map((one) => members({ system: one.system, value: one.value, use: one.use })),
    address: item.address?.map(({ use, lines, city, district, state, postalCode, country }) =>
      members({ use, line: lines, city, district, state, postalCode, country }),
    ),
    maritalStatus: item.maritalStatus === undefined ? undefined : codeableConcept(item.maritalStatus),
    communication:
      item.preferredLanguage === undefined ? undefined : speaking(item.preferredLanguage, asArray(current.communication)),
  });
}

/** The Patient with the change made and this write's tag on it, without what the server keeps by itself. */
export function changedPatient(item: DemographicsContent, current: ExactObject, id: string): ExactObject {
  const { text, ...kept } = current;
  return members({
    ...kept,
    text: hasGeneratedText(current) ? undefined : text,
    ...changedMembers(item, current),
    meta: taggedMeta(current, id),
  });
}

/** The meta of a next version: this write's tag after those that are there, without what the server keeps by itself. */
export function taggedMeta(current: ExactObject, id: string): ExactObject {
  const { versionId: _version, lastUpdated: _time, source: _source, ...meta } = asObject(current.meta) ?? {};
  return members({ ...meta, tag: [...asArray(meta.tag), writeTag(id)] });
}

/** The same change as JSON Patch operations (RFC 6902); `add` replaces a member that is there. */
export function patchOperations(item: DemographicsContent, current: ExactObject, id: string): readonly ExactObject[] {
  const changes = changedMembers(item, current);
  const operations: ExactObject[] = Object.entries(changes).map(([name, value]) => ({ op: 'add', path: `/${name}`, value }));
  if (hasGeneratedText(current)) operations.push({ op: 'remove', path: '/text' });
  const meta = asObject(current.meta);
  if (meta === undefined) operations.push({ op: 'add', path: '/meta', value: { tag: [writeTag(id)] } });
  else if (meta.tag === undefined) operations.push({ op: 'add', path: '/meta/tag', value: [writeTag(id)] });
  else operations.push({ op: 'add', path: '/meta/tag/-', value: writeTag(id) });
  return operations;
}

/** The members that JSON Patch operations of `patchOperations` put in place, as a resource to compare with. */
export function patchedMembers(resourceType: string, operations: readonly ExactValue[]): ExactObject {
  const result: Record<string, ExactValue> = { resourceType };
  for (const one of operations) {
    const operation = asObject(one);
    const path = operation?.path;
    const value = operation?.value;
    if (typeof path !== 'string' || value === undefined) continue;
    if (path === '/meta') result.meta = value;
    else if (path === '/meta/tag') result.meta = { tag: value };
    else if (path === '/meta/tag/-') result.meta = { tag: [value] };
    else result[path.slice(1)] = value;
  }
  return result;
}

function writeTag(id: string): ExactObject {
  return { system: writeIdentifierSystem, code: id };
}

/** A narrative generated from the old demographics would contradict the new ones. */
function hasGeneratedText(patient: ExactObject): boolean {
  const status = asObject(patient.text)?.status;
  return status === 'generated' || status === 'extensions';
}

/** Maiden, former and assumed names stay; only the name in use changes, and of it only the parts that are named. */
function renamed(name: NonNullable<DemographicsContent['name']>, current: readonly ExactValue[]): readonly ExactValue[] {
  const inUse = current.findIndex((one) => [undefined, 'official', 'usual'].includes(asObject(one)?.use as string | undefined));
  const { _family, _given, family, given, text: _text, ...rest } = asObject(current[inUse]) ?? { use: 'official' };
  const next = members({
    ...rest,
    text: name.text,
    family: name.family ?? family,
    _family: name.family === undefined ? _family : undefined,
    given: name.given ?? given,
    _given: name.given === undefined ? _given : undefined,
  });
  return inUse < 0 ? [...current, next] : current.map((one, at) => (at === inUse ? next : one));
}

/** The language becomes the preferred one; others stay, no longer preferred. */
function speaking(language: string, current: readonly ExactValue[]): readonly ExactValue[] {
  const others = current.flatMap((one) => {
    const entry = asObject(one) ?? {};
    const codes = asArray(asObject(entry.language)?.coding).map((code) => asObject(code)?.code);
    if (codes.includes(language)) return [];
    const { preferred: _preferred, ...rest } = entry;
    return [rest];
  });
  return [{ language: { coding: [coding('urn:ietf:bcp:47', language)] }, preferred: true }, ...others];
}
