import type {
  AllergyContent,
  ObservationContent,
  ProblemContent,
  ProcedureContent,
} from '../../../../src-shared/domain/index.ts';
import {
  codeableConcept,
  codeOf,
  dateTime,
  listOf,
  members,
  notes,
  period,
  ucumQuantity,
  type ExactObject,
} from '../../../../src-shared/fhir/index.ts';
import { concept, hl7, mapped, type MapContext, type Mapped } from './common.ts';

// The magic values of the R4 vital signs profile (https://hl7.org/fhir/R4/observation-vitalsigns.html) and the parts of
// its blood pressure panel, with pulse oximetry as it is measured at the finger.
const VITAL_SIGNS = new Set([
  ...[
    '85353-1',
    '9279-1',
    '8867-4',
    '2708-6',
    '59408-5',
    '8310-5',
    '8302-2',
    '9843-4',
    '29463-7',
    '39156-5',
    '85354-9',
    '8480-6',
    '8462-4',
  ],
]);

/**
 * An Observation (https://hl7.org/fhir/R4/observation.html), a panel with its components. A category is given where the
 * source says one or the code is a vital sign; for anything else, which it is would be a guess.
 */
export function observation(item: ObservationContent, context: MapContext): Mapped {
  const vital = item.code.system === 'http://loinc.org' && VITAL_SIGNS.has(item.code.code ?? '');
  const category = item.category ?? (vital ? 'vital-signs' : undefined);
  return mapped(
    members({
      resourceType: 'Observation',
      meta: context.meta,
      identifier: context.identifiers,
      status: item.status ?? 'final',
      category: category === undefined ? undefined : [codeOf(hl7('observation-category'), category)],
      code: codeableConcept(item.code),
      subject: context.patient,
      encounter: context.encounter,
      effectiveDateTime: dateTime(item.effectiveAt),
      effectivePeriod: period(item.effectivePeriod),
      issued: context.occurredAt,
      performer: context.authors,
      ...measured(item),
      note: notes(item.note),
      bodySite: concept(item.bodySite),
      method: concept(item.method),
      component: item.components?.map((part) => members({ code: codeableConcept(part.code), ...measured(part) })),
    }),
  );
}

type Measured = Pick<
  ObservationContent,
  'value' | 'unit' | 'valueConcept' | 'valueText' | 'valueBoolean' | 'interpretation' | 'dataAbsentReason'
>;

function measured(part: Measured): ExactObject {
  return members({
    valueQuantity: part.value === undefined ? undefined : ucumQuantity(part.value, part.unit),
    valueCodeableConcept: concept(part.valueConcept),
    valueString: part.valueText,
    valueBoolean: part.valueBoolean,
    dataAbsentReason: concept(part.dataAbsentReason),
    interpretation: listOf(concept(part.interpretation)),
  });
}

/**
 * A problem as Condition (https://hl7.org/fhir/R4/condition.html). Its clinical status has to be said (con-3) and has to
 * fit an end that is named (con-4); how certain it is, is said only where the source says so.
 */
export function condition(item: ProblemContent, context: MapContext): Mapped {
  const ended = item.abatementAt === undefined ? 'active' : 'resolved';
  const clinical = item.clinicalStatus ?? (item.verificationStatus === 'refuted' ? 'inactive' : ended);
  return mapped(
    members({
      resourceType: 'Condition',
      meta: context.meta,
      identifier: context.identifiers,
      clinicalStatus: codeOf(hl7('condition-clinical'), clinical),
      verificationStatus:
        item.verificationStatus === undefined ? undefined : codeOf(hl7('condition-ver-status'), item.verificationStatus),
      category: [codeOf(hl7('condition-category'), item.category ?? 'problem-list-item')],
      severity: concept(item.severity),
      code: codeableConcept(item.code),
      bodySite: listOf(concept(item.bodySite)),
      subject: context.patient,
      encounter: context.encounter,
      onsetDateTime: dateTime(item.onsetAt),
      abatementDateTime: dateTime(item.abatementAt),
      recordedDate: context.occurredAt,
      recorder: context.author,
      note: notes(item.note),
    }),
  );
}

/** An AllergyIntolerance (https://hl7.org/fhir/R4/allergyintolerance.html); its clinical status has to be said (ait-1). */
export function allergyIntolerance(item: AllergyContent, context: MapContext): Mapped {
  const clinical = item.clinicalStatus ?? (item.verificationStatus === 'refuted' ? 'inactive' : 'active');
  return mapped(
    members({
      resourceType: 'AllergyIntolerance',
      meta: context.meta,
      identifier: context.identifiers,
      clinicalStatus: codeOf(hl7('allergyintolerance-clinical'), clinical),
      verificationStatus:
        item.verificationStatus === undefined
          ? undefined
          : codeOf(hl7('allergyintolerance-verification'), item.verificationStatus),
      type: item.type,
      category: item.categories,
      criticality: item.criticality,
      code: codeableConcept(item.substance),
      patient: context.patient,
      encounter: context.encounter,
      onsetDateTime: dateTime(item.onsetAt),
      recordedDate: context.occurredAt,
      recorder: context.author,
      note: notes(item.note),
      reaction: item.reactions?.map((reaction) =>
        members({
          manifestation: reaction.manifestations.map((one) => codeableConcept(one)),
          description: reaction.description,
          severity: reaction.severity,
        }),
      ),
    }),
  );
}

/** A Procedure that was done, unless the source says otherwise (https://hl7.org/fhir/R4/procedure.html); one to be done is an order. */
export function procedure(item: ProcedureContent, context: MapContext): Mapped {
  return mapped(
    members({
      resourceType: 'Procedure',
      meta: context.meta,
      identifier: context.identifiers,
      status: item.status ?? 'completed',
      code: codeableConcept(item.code),
      subject: context.patient,
      encounter: context.encounter,
      performedDateTime: dateTime(item.performedAt),
      performedPeriod: period(item.performedPeriod),
      recorder: context.author,
      reasonCode: listOf(concept(item.reason)),
      bodySite: listOf(concept(item.bodySite)),
      outcome: concept(item.outcome),
      note: notes(item.note),
    }),
  );
}
