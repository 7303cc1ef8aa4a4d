import type { ChartResource, EhrGateway, SubjectQuery } from '../../ports/outbound/index.ts';
import {
  matchDocument,
  matchEncounter,
  matchOrganization,
  matchPatient,
  matchPractitioner,
  subjectKey,
  writeIdentifierSystem,
  type ClinicalItem,
  type FailureCode,
  type Match,
  type ResolvedFacts,
  type ResolvedRef,
  type Subject,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import { asArray, asObject } from '../../../src-shared/fhir/index.ts';

/** The event's subject as the EHR knows it, or why the write stops or has to wait. */
export type Resolution =
  | {
      readonly outcome: 'resolved';
      readonly facts: ResolvedFacts;
      readonly target: ChartResource | null;
      readonly names: SubjectNames;
      /** The visit as the EHR returned it. */
      readonly visit: ChartResource | null;
    }
  | { readonly outcome: 'stop'; readonly code: FailureCode; readonly message: string; readonly path: string }
  | { readonly outcome: 'wait'; readonly code: FailureCode; readonly retryAfterMs: number | null }
  | { readonly outcome: 'held'; readonly code: FailureCode };

/** Every name under which an event may mean this patient or visit, as `subjectKey` words it. */
export interface SubjectNames {
  readonly patient: readonly string[];
  readonly encounter: readonly string[];
}

export interface SubjectReader {
  lookUp(gateway: EhrGateway, connection: string, query: SubjectQuery): ReturnType<EhrGateway['lookUp']>;
}

/** What an update changes, an addendum amends or a new version replaces; `null` for a plain create. */
export type TargetQuery =
  | { readonly kind: 'patient-itself' }
  | {
      readonly kind: 'document';
      readonly reference?: string;
      readonly identifiers: readonly { readonly system: string; readonly value: string }[];
    }
  | null;

/**
 * Reads patient, visit, author and organization, and demands exactly one match for each whose demographics agree.
 * Reads first, then decides: the decisions are the domain's (subject-match).
 */
export async function resolveSubject(
  reader: SubjectReader,
  gateway: EhrGateway,
  row: WriteRow,
  subject: Subject,
  targetQuery: TargetQuery,
): Promise<Resolution> {
  const read = async <R>(
    query: SubjectQuery,
    match: (found: readonly ChartResource[]) => Match,
    use: (ref: ResolvedRef, found: ChartResource) => R,
  ) => {
    const answer = await reader.lookUp(gateway, row.connection, query);
    if (answer.outcome === 'failed')
      throw new Unresolved(failed(answer.code, answer.retryable, answer.retryAfterMs, query.kind, answer.message));
    const matched = match(answer.matches);
    const [found] = answer.matches;
    if (!matched.ok || found === undefined) {
      const { code, message } = matched.ok ? { code: 'invariant-broken' as const, message: 'a match without a record' } : matched;
      throw new Unresolved({ outcome: 'stop', code, message, path: `subject.${query.kind}` });
    }
    return use(matched.ref, found);
  };
  const keep = (ref: ResolvedRef): ResolvedRef => ref;
  try {
    const patient = await read(
      { kind: 'patient', subject: subject.patient },
      (found) => matchPatient(subject.patient, found),
      (ref, found) => ({ ref, found }),
    );
    const { encounter, practitioner, organization } = subject;
    const [visit, author, place] = await Promise.all([
      encounter === undefined
        ? null
        : read(
            { kind: 'encounter', subject: encounter, patient: patient.ref.reference },
            (found) => matchEncounter(encounter, patient.ref.reference, found),
            (ref, found) => ({ ref, found }),
          ),
      practitioner === undefined
        ? null
        : read({ kind: 'practitioner', subject: practitioner }, (found) => matchPractitioner(practitioner, found), keep),
      organization === undefined
        ? null
        : read({ kind: 'organization', subject: organization }, (found) => matchOrganization(organization, found), keep),
    ]);
    const target =
      targetQuery === null
        ? null
        : targetQuery.kind === 'patient-itself'
          ? patient
          : await read(
              targetQuery,
              (found) => matchDocument(patient.ref.reference, found),
              (ref, found) => ({ ref, found }),
            );
    return {
      outcome: 'resolved',
      facts: {
        patient: patient.ref,
        encounter: visit?.ref ?? null,
        practitioner: author,
        organization: place,
        target: target?.ref ?? null,
      },
      target: target?.found ?? null,
      visit: visit?.found ?? null,
      names: {
        patient: namesOf(subject.patient, patient.found),
        encounter: encounter === undefined || visit === null ? [] : namesOf(encounter, visit.found),
      },
    };
  } catch (error) {
    if (error instanceof Unresolved) return error.resolution;
    throw error;
  }
}

/** Its address, what the event calls it, and what the EHR calls it. */
function namesOf(named: Pick<Subject['patient'], 'identifiers'>, { reference, resource }: ChartResource): readonly string[] {
  const inChart = asArray(resource.identifier).flatMap((one) => {
    const { system, value } = asObject(one) ?? {};
    return typeof system === 'string' && typeof value === 'string' ? [{ system, value }] : [];
  });
  const identifiers = [...(named.identifiers ?? []), ...inChart].map((one) => subjectKey({ identifiers: [one] }));
  return [...new Set([subjectKey({ reference }), ...identifiers])];
}

class Unresolved extends Error {
  readonly resolution: Exclude<Resolution, { outcome: 'resolved' }>;
  constructor(resolution: Exclude<Resolution, { outcome: 'resolved' }>) {
    super(resolution.outcome);
    this.resolution = resolution;
  }
}

// An organization that the EHR does not list is no danger to a patient, but an event that names one relies on it.
function failed(
  code: FailureCode,
  retryable: boolean,
  retryAfterMs: number | null,
  path: string,
  message: string,
): Exclude<Resolution, { outcome: 'resolved' }> {
  if (retryable) return { outcome: 'wait', code, retryAfterMs };
  if (code === 'sign-in-needed' || code === 'permission-denied') return { outcome: 'held', code };
  return { outcome: 'stop', code, message, path: `subject.${path}` };
}

/** What the write refers to besides patient and visit. `earlier` is the charted write that this one replaces. */
export function targetOf(
  row: WriteRow,
  clinical: ClinicalItem,
  earlier: WriteRow | null,
  amendedWrites: readonly string[],
): TargetQuery {
  if (row.operation === 'update') return { kind: 'patient-itself' };
  if (clinical.kind === 'addendum') {
    const { amends } = clinical.item;
    if (amends.reference !== undefined) return { kind: 'document', reference: amends.reference, identifiers: [] };
    if (amends.identifier !== undefined) return { kind: 'document', identifiers: [amends.identifier] };
    return { kind: 'document', identifiers: amendedWrites.map((value) => ({ system: writeIdentifierSystem, value })) };
  }
  if (earlier?.state.name === 'committed') {
    return { kind: 'document', reference: earlier.state.evidence.reference, identifiers: [] };
  }
  return null;
}
