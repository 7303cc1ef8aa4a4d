import { createHash } from 'node:crypto';

/** A small synthetic chart and the events that fit it. */

export const mrn = 'urn:mrn:test';
export const visitSystem = 'urn:visit:test';
export const npi = '1234567893';

export interface TestPatient {
  readonly id: string;
  readonly family: string;
  readonly given: string;
  readonly birthDate: string;
  readonly gender: 'female' | 'male';
}

export const patients: readonly TestPatient[] = [
  { id: 'pat-1', family: 'Campbell', given: 'Andrew', birthDate: '1967-02-11', gender: 'male' },
  { id: 'pat-2', family: 'Okonkwo', given: 'Ngozi', birthDate: '1983-09-30', gender: 'female' },
  { id: 'pat-3', family: 'Haddad', given: 'Samir', birthDate: '1952-12-03', gender: 'male' },
];

/** A transaction Bundle with the people, a visit for each, one practitioner, and whatever else is given. */
export function chartBundle(extra: readonly Record<string, unknown>[] = [], people: readonly TestPatient[] = patients): string {
  const resources: Record<string, unknown>[] = [
    {
      resourceType: 'Practitioner',
      id: 'prac-1',
      identifier: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: npi }],
      name: [{ family: 'Lee', given: ['Dana'] }],
    },
    ...people.flatMap((one) => [
      {
        resourceType: 'Patient',
        id: one.id,
        identifier: [{ system: mrn, value: one.id }],
        name: [{ family: one.family, given: [one.given] }],
        birthDate: one.birthDate,
        gender: one.gender,
      },
      {
        resourceType: 'Encounter',
        id: `enc-${one.id}`,
        identifier: [{ system: visitSystem, value: `v-${one.id}` }],
        status: 'in-progress',
        class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
        subject: { reference: `Patient/${one.id}` },
        period: { start: '2026-03-02T08:50:00Z' },
      },
    ]),
    ...extra,
  ];
  return JSON.stringify({
    resourceType: 'Bundle',
    type: 'transaction',
    entry: resources.map((resource) => ({
      fullUrl: `urn:test:${String(resource.resourceType)}:${String(resource.id)}`,
      resource,
      request: { method: 'PUT', url: `${String(resource.resourceType)}/${String(resource.id)}` },
    })),
  });
}

export interface EventOptions {
  readonly id: string;
  readonly version?: number;
  readonly type?: string;
  readonly tenant?: string;
  readonly source?: string;
  readonly patient?: TestPatient;
  /** Content as the JSON text that goes in and is hashed. */
  readonly content?: string;
  readonly approvedBy?: { readonly id: string; readonly npi?: string } | null;
  readonly approvedAt?: string;
  /** Overrides of the subject's parts. */
  readonly subject?: Record<string, unknown>;
  readonly extra?: Record<string, unknown>;
}

export const noteContent = (text: string): string =>
  JSON.stringify({
    note: {
      title: 'Progress note',
      type: { system: 'http://loinc.org', code: '11506-3' },
      sections: [{ title: 'Subjective', text }],
    },
  });

/** One event as a line of NDJSON, its approval bound to the content's characters. */
export function eventLine(options: EventOptions): string {
  const patient = options.patient ?? patients[0];
  if (patient === undefined) throw new Error('no patient');
  const content = options.content ?? noteContent(`Note of ${options.id}.`);
  const by = options.approvedBy === undefined ? { id: 'dr-lee', npi } : options.approvedBy;
  const event = {
    specVersion: '1.0',
    id: options.id,
    version: options.version ?? 1,
    type: options.type ?? 'note.approved',
    tenant: options.tenant ?? 'north-clinic',
    source: options.source ?? 'scribe-7',
    origin: 'ai',
    occurredAt: '2026-03-02T09:14:00Z',
    subject: {
      patient: {
        identifiers: [{ system: mrn, value: patient.id }],
        name: { family: patient.family, given: [patient.given] },
        birthDate: patient.birthDate,
        gender: patient.gender,
      },
      encounter: { identifiers: [{ system: visitSystem, value: `v-${patient.id}` }] },
      practitioner: {
        identifiers: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: npi }],
        name: { family: 'Lee', given: ['Dana'] },
      },
      ...options.subject,
    },
    approval:
      by === null
        ? null
        : {
            status: 'approved',
            by,
            at: options.approvedAt ?? '2026-03-02T09:20:00Z',
            meaning: 'reviewed and approved for the chart',
            contentSha256: createHash('sha256').update(content).digest('hex'),
          },
    ...options.extra,
  };
  return `${JSON.stringify(event).slice(0, -1)},"content":${content}}`;
}
