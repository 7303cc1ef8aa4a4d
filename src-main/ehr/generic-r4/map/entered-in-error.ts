import { coding, members, type ExactObject } from '../../../../src-shared/fhir/index.ts';
import { taggedMeta } from './demographics.ts';

/** Where a type says that an entry was made in error (R4, https://hl7.org/fhir/R4/lifecycle.html). */
const byStatus: ReadonlySet<string> = new Set([
  'CarePlan',
  'MedicationStatement',
  'Observation',
  'Procedure',
  'QuestionnaireResponse',
]);
const byVerification: ReadonlyMap<string, string> = new Map([
  ['AllergyIntolerance', 'http://terminology.hl7.org/CodeSystem/allergyintolerance-verification'],
  ['Condition', 'http://terminology.hl7.org/CodeSystem/condition-ver-status'],
]);

/**
 * The resource marked as entered in error and with this write's tag on it; everything else stands as it was, but the clinical
 * status of a problem or allergy, which may not (con-5, ait-2). `undefined`: entries of this type have no such mark here.
 */
export function markedResource(current: ExactObject, id: string): ExactObject | undefined {
  const type = String(current.resourceType);
  const meta = taggedMeta(current, id);
  if (byStatus.has(type)) return members({ ...current, status: 'entered-in-error', meta });
  const system = byVerification.get(type);
  if (system === undefined) return undefined;
  const { clinicalStatus: _clinical, ...kept } = current;
  return members({ ...kept, verificationStatus: { coding: [coding(system, 'entered-in-error')] }, meta });
}
