import type { GatewayFacts, WriteCommand } from '../../../ports/outbound/index.ts';
import { writeIdentifierSystem, type FailureCode } from '../../../../src-shared/domain/index.ts';
import { codeableConcept, listOf, withSeconds, type ConceptParts, type ExactObject } from '../../../../src-shared/fhir/index.ts';

/** Everything a mapping may look at besides the item itself; plain data, so that mapping stays pure. */
export interface MapContext {
  readonly id: string;
  /** The event's time as a FHIR instant. */
  readonly occurredAt: string;
  /** `meta` with the AI-assisted mark, where the content came from a model. */
  readonly meta: ExactObject | undefined;
  /** The business identifier by which the write is found again; `identifier` is single in some types. */
  readonly identifier: ExactObject;
  readonly identifiers: readonly ExactObject[];
  readonly patient: ExactObject;
  readonly encounter: ExactObject | undefined;
  readonly author: ExactObject | undefined;
  readonly authors: readonly ExactObject[] | undefined;
  readonly organization: ExactObject | undefined;
  /** The document that this one amends or replaces. */
  readonly target: ExactObject | undefined;
}

/** A mapped resource, or why this content has no safe form in R4. */
export type Mapped =
  | { readonly ok: true; readonly resource: ExactObject }
  | { readonly ok: false; readonly code: FailureCode; readonly message: string };

export const mapped = (resource: ExactObject): Mapped => ({ ok: true, resource });
export const unmappable = (code: FailureCode, message: string): Mapped => ({ ok: false, code, message });

// HL7 v3 ObservationValue: the asserter is an artificial intelligence.
const AI_ASSISTED: ExactObject = {
  security: [
    {
      system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
      code: 'AIAST',
      display: 'Artificial Intelligence asserted',
    },
  ],
};

export function mapContext(command: WriteCommand, facts: GatewayFacts): MapContext {
  const { patient, encounter, practitioner, organization, target } = facts.refs;
  const to = (ref: { readonly reference: string } | null): ExactObject | undefined =>
    ref === null ? undefined : { reference: ref.reference };
  const identifier = { system: writeIdentifierSystem, value: command.identity.id };
  return {
    id: command.identity.id,
    occurredAt: withSeconds(command.occurredAt),
    meta: command.aiAssisted ? AI_ASSISTED : undefined,
    identifier,
    identifiers: [identifier],
    patient: { reference: patient.reference },
    encounter: to(encounter),
    author: to(practitioner),
    authors: listOf(to(practitioner)),
    organization: to(organization),
    target: to(target),
  };
}

/** Code systems of HL7's terminology site that several mappings use. */
export const hl7 = (name: string): string => `http://terminology.hl7.org/CodeSystem/${name}`;

/** A `CodeableConcept`, where there is one. */
export const concept = (value: ConceptParts | undefined): ExactObject | undefined =>
  value === undefined ? undefined : codeableConcept(value);
