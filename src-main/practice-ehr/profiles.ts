import { resourceTypes } from './definitions.ts';

/** What can be done with a resource type (https://hl7.org/fhir/R4/valueset-type-restful-interaction.html). */
export type TypeInteraction =
  'read' | 'vread' | 'update' | 'patch' | 'delete' | 'history-instance' | 'history-type' | 'create' | 'search-type';

/** How the server behaves: data, so that a further behaviour is a further object and not further code. */
export interface PracticeProfile {
  readonly name: string;
  /** Shown in the CapabilityStatement. */
  readonly title: string;
  /** Resource types served, each with its interactions; a type that is not here answers 404, another interaction 405. */
  readonly types: ReadonlyMap<string, ReadonlySet<TypeInteraction>>;
  readonly transaction: boolean;
  /** Whether a PUT to an unused id creates (201) or is refused (404). */
  readonly updateCreate: boolean;
  /** What becomes of an If-None-Exist header: obeyed, overlooked, or refused (400). */
  readonly conditionalCreate: 'honoured' | 'ignored' | 'refused';
  /** What becomes of an If-Match header; `required` also refuses an update without one (400). */
  readonly ifMatch: 'honoured' | 'required' | 'ignored';
  /** The status of an update against a version that is not the current one. */
  readonly versionConflictStatus: 409 | 412;
  /** Search parameters offered, by type; a type that is not here offers all that are indexed. */
  readonly searchParameters: ReadonlyMap<string, ReadonlySet<string>>;
}

const ALL_INTERACTIONS: ReadonlySet<TypeInteraction> = new Set([
  'read',
  'vread',
  'update',
  'patch',
  'delete',
  'history-instance',
  'history-type',
  'create',
  'search-type',
]);

const makers: Readonly<Record<string, () => PracticeProfile>> = {
  'generic-r4': () => ({
    name: 'generic-r4',
    title: 'Generic FHIR R4 server: every resource type, optimistic locking, conditional create',
    types: new Map([...resourceTypes()].map((type) => [type, ALL_INTERACTIONS])),
    transaction: true,
    updateCreate: true,
    conditionalCreate: 'honoured',
    ifMatch: 'honoured',
    versionConflictStatus: 412,
    searchParameters: new Map(),
  }),
};

/** The names that {@link practiceProfile} knows. */
export function practiceProfileNames(): readonly string[] {
  return Object.keys(makers);
}

/** The profile of that name. Throws a RangeError that lists the known ones when there is none. */
export function practiceProfile(name: string): PracticeProfile {
  const make = Object.hasOwn(makers, name) ? makers[name] : undefined;
  if (make === undefined) throw new RangeError(`no practice EHR profile "${name}"; known: ${practiceProfileNames().join(', ')}`);
  return make();
}
