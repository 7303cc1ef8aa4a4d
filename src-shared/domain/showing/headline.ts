import type { Concept, ClinicalItem, HumanName } from '../content.ts';
import type { BusinessEvent } from '../business-event.ts';

/** How a write is named to people: what is written, and about whom. Never used to decide anything. */

/** What is written, in clinical words: "Progress note", "Systolic blood pressure 128 mm[Hg]". Values keep their characters. */
export function titleOf({ kind, item }: ClinicalItem): string {
  switch (kind) {
    case 'note':
      return item.title ?? conceptWords(item.type) ?? 'Note';
    case 'addendum':
      return `Addendum: ${item.title ?? conceptWords(item.type) ?? 'note'}`;
    case 'observation':
      return [conceptWords(item.code) ?? 'Observation', measured(item)].filter((part) => part !== '').join(' ');
    case 'problem':
      return `Problem: ${conceptWords(item.code) ?? 'unnamed'}`;
    case 'allergy':
      return `Allergy: ${conceptWords(item.substance) ?? 'unnamed'}`;
    case 'medication-statement':
      return `Medication: ${conceptWords(item.medication) ?? 'unnamed'}`;
    case 'medication-request':
      return `Prescription: ${conceptWords(item.medication) ?? 'unnamed'}`;
    case 'order':
      return `Order: ${conceptWords(item.code) ?? 'unnamed'}`;
    case 'procedure':
      return `Procedure: ${conceptWords(item.code) ?? 'unnamed'}`;
    case 'care-plan':
      return `Care plan${item.title === undefined ? '' : `: ${item.title}`}`;
    case 'task':
      return `Task: ${item.description}`;
    case 'message':
      return `Message to ${item.to === 'patient' ? 'the patient' : 'the team'}${item.subject === undefined ? '' : `: ${item.subject}`}`;
    case 'patient-instructions':
      return item.title ?? 'Patient instructions';
    case 'questionnaire-response':
      return 'Questionnaire answers';
    case 'consent':
      return `Consent: ${conceptWords(item.category) ?? item.scope}`;
    case 'demographics':
      return 'Change of personal details';
    case 'encounter-status':
      return `Visit status: ${item.status}`;
    case 'document':
      return `Document: ${item.title}`;
    case 'intake-summary':
      return item.title ?? 'Intake summary';
  }
}

function conceptWords(concept: Concept | undefined): string | undefined {
  return concept?.display ?? concept?.text ?? concept?.code;
}

function measured(item: Extract<ClinicalItem, { kind: 'observation' }>['item']): string {
  const { value, unit, valueConcept, valueText, components } = item;
  if (value !== undefined) return unit === undefined ? value.text : `${value.text} ${unit}`;
  if (components !== undefined)
    return components.map((one) => one.value?.text ?? conceptWords(one.valueConcept) ?? '?').join('/');
  return conceptWords(valueConcept) ?? valueText ?? '';
}

/** Who or what an event is about, as the event itself says. */
export interface SubjectWords {
  readonly name: string;
  readonly birthDate: string | null;
  readonly gender: string | null;
  readonly identifiers: readonly string[];
  readonly visit: string | null;
  readonly practitioner: string | null;
}

export function subjectWords({ subject }: Pick<BusinessEvent, 'subject'>): SubjectWords {
  const { patient, encounter, practitioner } = subject;
  const first = (one: {
    identifiers?: readonly { value: string }[] | undefined;
    reference?: string | undefined;
  }): string | null => one.identifiers?.[0]?.value ?? one.reference ?? null;
  return {
    name: nameWords(patient.name) ?? first(patient) ?? 'unnamed',
    birthDate: patient.birthDate ?? null,
    gender: patient.gender ?? null,
    identifiers: [
      ...(patient.identifiers ?? []).map(({ value }) => value),
      ...(patient.reference === undefined ? [] : [patient.reference]),
    ],
    visit: encounter === undefined ? null : first(encounter),
    practitioner: practitioner === undefined ? null : (nameWords(practitioner.name) ?? first(practitioner)),
  };
}

/** Family name first, as lists are read: "Campbell, Andrew". */
function nameWords(name: HumanName | undefined): string | undefined {
  if (name === undefined) return undefined;
  const given = name.given?.join(' ');
  if (name.family !== undefined) return given === undefined || given === '' ? name.family : `${name.family}, ${given}`;
  return name.text ?? (given === '' ? undefined : given);
}
