import { sha256Hex, type Sha256 } from '../../../src-shared/domain/index.ts';
import type { ContentPart, Operation } from './operations.ts';
import { hospitals, scribe } from './people.ts';

/** The record that a source delivers for an event operation, as the characters it sends. */
export function recordOf(operation: Extract<Operation, { kind: 'event' }>, approvedBy: string | null, sha256: Sha256): string {
  const hospital = hospitals[operation.hospital];
  const patient = hospital?.patients[operation.patient];
  if (hospital === undefined || patient === undefined)
    throw new RangeError('an event of a hospital or patient that is not there');
  const targets = [operation.hospital, ...(operation.also === null ? [] : [operation.also])];
  const content = JSON.stringify(Object.assign({}, ...operation.parts.map((part) => contentOf(part, operation))));
  const event = {
    specVersion: '1.0',
    id: `${hospital.tenant}-${operation.event}`,
    version: operation.version,
    type: 'note.proposed',
    tenant: hospital.tenant,
    source: scribe.name,
    occurredAt: '2026-03-02T09:00:00Z',
    subject: {
      patient: { identifiers: [{ system: 'urn:mrn', value: patient }], name: { family: 'Campbell' }, birthDate: '1967-02-11' },
      encounter: { identifiers: [{ system: 'urn:visit', value: `visit-${patient}` }] },
    },
    targets: targets.map((target) => ({ connection: hospitals[target]?.connection })),
    approval:
      approvedBy === null
        ? null
        : { status: 'approved', by: { id: approvedBy }, at: '2026-03-02T09:10:00Z', contentSha256: sha256Hex(sha256, content) },
  };
  return `${JSON.stringify(event).slice(0, -1)},"content":${content}}`;
}

function contentOf(part: ContentPart, operation: Extract<Operation, { kind: 'event' }>): object {
  const words = `${operation.event} version ${operation.version}, ${operation.words}`;
  switch (part) {
    case 'note':
      return { note: { text: `Note of ${words}.` } };
    case 'task':
      return { tasks: [{ description: `Call back about ${words}.` }] };
    case 'allergy':
      return { allergies: [{ substance: { text: `Substance ${words}` } }] };
    case 'demographics':
      return { demographics: { telecom: [{ system: 'phone', value: `+1 555 ${operation.words}` }] } };
  }
}

/** A patient's consent as FHIR (R4, https://hl7.org/fhir/R4/consent.html): yes or no to everything. The greater order is the newer. */
export function consentOf({ hospital, patient, permits }: Extract<Operation, { kind: 'consent' }>, order: number): string {
  const value = hospitals[hospital]?.patients[patient];
  if (value === undefined) throw new RangeError('a consent of a patient that is not there');
  return JSON.stringify({
    resourceType: 'Consent',
    id: `consent-${value}`,
    status: 'active',
    scope: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/consentscope', code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { identifier: { system: 'urn:mrn', value } },
    // Before any run begins, whatever its clock shows.
    dateTime: `2026-01-05T${two(Math.floor(order / 60))}:${two(order % 60)}:00Z`,
    policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: permits ? 'OPTIN' : 'OPTOUT' }] },
  });
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
