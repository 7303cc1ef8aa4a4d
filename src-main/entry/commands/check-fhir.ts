import type { Output } from '../outputs.ts';
import type { StructureCheck } from '../../platform/index.ts';
import type { IncomingRecord } from '../../ports/inbound/index.ts';
import {
  checkResourceCodes,
  failureOf,
  type CheckRules,
  type FailureCode,
  type Finding,
  type ResourceFacts,
} from '../../../src-shared/domain/index.ts';
import { asArray, asObject, asString, parseExact, type ExactObject, type ExactValue } from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** Plain FHIR R4 resources by structure and by what they say (F1), and what of each could not be checked. */

export type ResourceReport = NonNullable<Output<'check'>['resources']>[number];

export interface CheckedRecord {
  readonly eventId: string | null;
  readonly findings: readonly Finding[];
  readonly resources?: readonly ResourceReport[];
}

export interface FhirChecks {
  readonly rules: CheckRules;
  readonly definitions: StructureCheck;
  readonly now: number;
}

/** A resource, or each entry of a Bundle. A type that Countersign never writes is checked in what it says, and named as such. */
export function checkFhir(record: IncomingRecord, checks: FhirChecks): CheckedRecord {
  if ('refused' in record) return { eventId: null, findings: [refusal(record.refused, record.message)], resources: [] };
  const parsed = parseExact(record.text, limits.jsonDepthMax);
  if (!parsed.ok) return { eventId: null, findings: [refusal(parsed.fault.code, parsed.fault.message)], resources: [] };
  const resource = asObject(parsed.value);
  if (resource === undefined)
    return { eventId: null, findings: [refusal('structure-invalid', 'the record is not a JSON object')], resources: [] };
  const parts = partsOf(resource, '');
  const birthDate = birthDateIn(parts.map((part) => part.resource));
  const done = parts.map((part) => checkPart(part, { birthDate, now: checks.now }, checks));
  return {
    eventId: asString(resource.id) ?? null,
    findings: done.flatMap(({ findings }) => findings),
    resources: done.map(({ report }) => report),
  };
}

export function refusal(code: FailureCode, message: string): Finding {
  return { rule: code, severity: 'stop', path: '', message, next: failureOf(code).next };
}

interface Part {
  /** Where it stands in the record; empty for the record itself. */
  readonly path: string;
  readonly resource: ExactObject;
}

/** The resources of a record: itself, or what a Bundle holds, Bundles inside it taken apart as well. */
function partsOf(resource: ExactObject, path: string): readonly Part[] {
  if (asString(resource.resourceType) !== 'Bundle') return [{ path, resource }];
  const before = path === '' ? 'Bundle' : path;
  return asArray(resource.entry).flatMap((entry: ExactValue, index) => {
    const inside = asObject(asObject(entry)?.resource);
    return inside === undefined ? [] : partsOf(inside, `${before}.entry[${index}].resource`);
  });
}

/** The birth date of the one patient of a record; `null` where there is none, or where it could be that of another. */
function birthDateIn(resources: readonly ExactObject[]): string | null {
  const patients = resources.filter((one) => asString(one.resourceType) === 'Patient');
  return patients.length === 1 ? (asString(patients[0]?.birthDate) ?? null) : null;
}

function checkPart({ path, resource }: Part, facts: ResourceFacts, { rules, definitions }: FhirChecks) {
  const type = asString(resource.resourceType) ?? null;
  const standing = type === null ? 'no-such-type' : definitions.standing(type);
  const structure = standing === 'not-written' ? [] : definitions.validate(resource);
  const known = standing !== 'no-such-type';
  const found = known ? [...structure, ...checkResourceCodes(resource, rules, facts)] : structure;
  const notChecked: ResourceReport['notChecked'] = [];
  if (!known) {
    const why = type === null ? 'it does not say of which type it is' : 'R4 has no such type';
    notChecked.push({ what: 'structure', why }, { what: 'content', why });
  }
  if (standing === 'not-written')
    notChecked.push({ what: 'structure', why: `${String(type)} is not among the types that Countersign writes` });
  if (type === 'Observation' && facts.birthDate === null)
    notChecked.push({ what: 'values-by-age', why: 'the record holds no single patient with a birth date' });
  const report: ResourceReport = {
    path,
    resourceType: type,
    id: asString(resource.id) ?? null,
    checked: [...(standing === 'checked' ? (['structure'] as const) : []), ...(known ? (['content'] as const) : [])],
    notChecked,
  };
  return { report, findings: path === '' ? found : found.map((one) => ({ ...one, path: `${path}: ${one.path}` })) };
}
