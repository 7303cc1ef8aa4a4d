import type { ConnectionReportView, ConnectionViewModel } from '../../../src-shared/contract/index.ts';

/** What the Connections screen says. */

type Stage = ConnectionViewModel['connection']['stage'];

/** What a rollout stage allows (B4). */
export const stageMeaning: Readonly<Record<Stage, string>> = {
  'read-only': 'Reads only. Every write is held.',
  draft: 'Writes are drafted and held. Nothing is sent.',
  shadow: 'Writes are prepared and compared with the chart. Nothing is sent.',
  staged: 'Sends what a person has approved.',
  'limited-auto-write': 'Sends what is approved, by a person or, for low risk, by a rule.',
};

export const environmentWord = { practice: 'Practice', sandbox: 'Sandbox', production: 'Production' } as const;

type Capability = ConnectionReportView['resources'][string];

export interface CapabilityColumn {
  readonly name: string;
  readonly meaning: string;
  readonly can: (capability: Capability) => boolean | string;
}

const versioning = { 'no-version': 'none', versioned: 'kept', 'versioned-update': 'kept, checked on change' } as const;

/** The columns of the capability matrix (FHIR R4, CapabilityStatement.rest.resource). */
export const capabilityColumns: readonly CapabilityColumn[] = [
  { name: 'Read', meaning: 'Can be read back', can: ({ read }) => read },
  { name: 'Create', meaning: 'New ones can be written', can: ({ create }) => create },
  { name: 'Update', meaning: 'Can be replaced', can: ({ update }) => update },
  { name: 'Patch', meaning: 'Single fields can be changed', can: ({ patch }) => patch },
  {
    name: 'Create once',
    meaning: 'The server itself refuses a second one with the same identifier',
    can: ({ conditionalCreate }) => conditionalCreate,
  },
  {
    name: 'Versions',
    meaning: 'Whether earlier versions are kept',
    can: (one) => (one.versioning === null ? 'not said' : versioning[one.versioning]),
  },
  {
    name: 'Search',
    meaning: 'By what it can be searched',
    can: ({ searchParameters }) => (searchParameters.length === 0 ? 'not said' : [...searchParameters].sort().join(', ')),
  },
];

/** One sentence for the outcome of a test. */
export function testWords(report: ConnectionReportView): string {
  const software = report.software ?? 'software not named';
  const version = report.fhirVersion === null ? 'FHIR version not named' : `FHIR ${report.fhirVersion}`;
  const kinds = Object.keys(report.resources).length;
  const resources = `${String(kinds)} ${kinds === 1 ? 'kind' : 'kinds'} of resource`;
  return `${software}, ${version}, ${resources}`;
}
