import type { DosageContent, MedicationContent } from '../../../../src-shared/domain/index.ts';
import {
  codeableConcept,
  dateTime,
  Decimal,
  listOf,
  members,
  notes,
  period,
  ucumQuantity,
  unlessEmpty,
  type ExactObject,
} from '../../../../src-shared/fhir/index.ts';
import { concept, mapped, unmappable, type MapContext, type Mapped } from './common.ts';

/** What the patient takes, as MedicationStatement (https://hl7.org/fhir/R4/medicationstatement.html). */
export function medicationStatement(item: MedicationContent, context: MapContext): Mapped {
  return mapped(
    members({
      resourceType: 'MedicationStatement',
      meta: context.meta,
      identifier: context.identifiers,
      status: item.status ?? (item.change === 'stop' ? 'stopped' : 'active'),
      medicationCodeableConcept: codeableConcept(item.medication),
      subject: context.patient,
      context: context.encounter,
      effectiveDateTime: dateTime(item.effectiveAt),
      effectivePeriod: period(item.effectivePeriod),
      dateAsserted: context.occurredAt,
      reasonCode: listOf(concept(item.reason)),
      note: notes(changeNote(item), item.note),
      dosage: listOf(dosageOf(item.dosage, undefined)),
    }),
  );
}

/**
 * A proposal to prescribe, as a MedicationRequest nobody can dispense from: intent `proposal`, status `draft`
 * (https://hl7.org/fhir/R4/medicationrequest.html). A proposal to stop has no such form: a reader who overlooks its note
 * would start the medicine. It is refused.
 */
export function medicationRequest(item: MedicationContent, context: MapContext): Mapped {
  const { status } = item;
  if (item.change === 'stop' || status === 'stopped' || status === 'not-taken' || status === 'completed') {
    return unmappable(
      'operation-unsupported',
      'a proposal to stop a medicine cannot be written as a MedicationRequest; send a task or a medication statement',
    );
  }
  const bounds = period(item.effectivePeriod) ?? period({ start: item.effectiveAt });
  return mapped(
    members({
      resourceType: 'MedicationRequest',
      meta: context.meta,
      identifier: context.identifiers,
      status: status === 'on-hold' ? 'on-hold' : 'draft',
      intent: 'proposal',
      medicationCodeableConcept: codeableConcept(item.medication),
      subject: context.patient,
      encounter: context.encounter,
      authoredOn: context.occurredAt,
      requester: context.author,
      reasonCode: listOf(concept(item.reason)),
      note: notes(changeNote(item), item.note),
      dosageInstruction: listOf(dosageOf(item.dosage, bounds)),
    }),
  );
}

/** R4 has no element for what is to change about a medicine; left out, it would be lost without a word. */
function changeNote(item: MedicationContent): string | undefined {
  return item.change === undefined ? undefined : `Medication change: ${item.change}`;
}

/** A `Dosage` (https://hl7.org/fhir/R4/dosage.html). `bounds` limits the time it is meant for. */
function dosageOf(dosage: DosageContent | undefined, bounds: ExactObject | undefined): ExactObject | undefined {
  const repeat = unlessEmpty(
    members({
      boundsPeriod: bounds,
      frequency: dosage?.frequency === undefined ? undefined : Decimal.of(String(dosage.frequency)),
      period: dosage?.period,
      periodUnit: dosage?.periodUnit,
    }),
  );
  return unlessEmpty(
    members({
      text: dosage?.text,
      timing: repeat === undefined ? undefined : { repeat },
      asNeededBoolean: dosage?.asNeeded,
      route: concept(dosage?.route),
      doseAndRate: dosage?.dose === undefined ? undefined : [{ doseQuantity: ucumQuantity(dosage.dose.value, dosage.dose.unit) }],
    }),
  );
}
