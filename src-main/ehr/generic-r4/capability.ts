import type { ConnectionReport, ResourceCapability } from '../../ports/outbound/index.ts';
import { asArray, asObject, asString, type ExactObject, type ExactValue } from '../../../src-shared/fhir/index.ts';
import { classifyRead, type FhirHttp } from '../kit/index.ts';

/** What this adapter creates or changes, and what it must read to know where. */
const WRITTEN = [
  ...[
    'AllergyIntolerance',
    'CarePlan',
    'Communication',
    'Composition',
    'Condition',
    'Consent',
    'DocumentReference',
    'MedicationRequest',
  ],
  ...['MedicationStatement', 'Observation', 'Patient', 'Procedure', 'QuestionnaireResponse', 'ServiceRequest', 'Task'],
];
const READ = ['Patient', 'Encounter', 'Practitioner', 'Organization'];

/**
 * Asks a server what it says it can do (https://hl7.org/fhir/R4/http.html#capabilities). A hint, not a proof: what a
 * server declares and what it does are two things.
 */
export async function testConnection(http: FhirHttp, now: () => number): Promise<ConnectionReport> {
  const reply = await http.get('metadata');
  if (reply.kind !== 'answer') return unreadable(reply.message);
  const verdict = classifyRead(reply.answer, now());
  if (verdict.verdict === 'failed') return unreadable(verdict.message);
  if (verdict.verdict === 'gone' || verdict.resource.resourceType !== 'CapabilityStatement') {
    return unreadable('The address does not answer with a CapabilityStatement: it is not the base address of a FHIR API.');
  }
  return report(verdict.resource);
}

function unreadable(problem: string): ConnectionReport {
  return { ok: false, fhirVersion: null, software: null, resources: {}, problems: [problem] };
}

function report(statement: ExactObject): ConnectionReport {
  const fhirVersion = asString(statement.fhirVersion) ?? null;
  const software = asObject(statement.software);
  const name = [asString(software?.name), asString(software?.version)].filter((part) => part !== undefined).join(' ');
  const rest = asArray(statement.rest)
    .map(asObject)
    .find((one) => one?.mode === 'server');
  const declared = new Map(asArray(rest?.resource).map((one) => [asString(asObject(one)?.type), asObject(one)]));
  const resources: Record<string, ResourceCapability> = {};
  for (const type of new Set([...READ, ...WRITTEN])) {
    const entry = declared.get(type);
    if (entry !== undefined) resources[type] = capability(entry);
  }
  const isR4 = fhirVersion !== null && /^4\.0\./.test(fhirVersion);
  const problems = [
    ...(isR4 ? [] : [`The server speaks FHIR ${fhirVersion ?? 'of no version it names'}; this connection needs R4 (4.0).`]),
    ...shortcomings(resources),
  ];
  return { ok: isR4, fhirVersion, software: name === '' ? null : name, resources, problems };
}

function capability(entry: ExactObject): ResourceCapability {
  const interactions = codes(entry.interaction);
  const versioning = asString(entry.versioning);
  return {
    create: interactions.includes('create'),
    update: interactions.includes('update'),
    patch: interactions.includes('patch'),
    read: interactions.includes('read'),
    conditionalCreate: entry.conditionalCreate === true,
    versioning:
      versioning === 'no-version' || versioning === 'versioned' || versioning === 'versioned-update' ? versioning : null,
    searchParameters: asArray(entry.searchParam).flatMap((one) => asString(asObject(one)?.name) ?? []),
  };
}

function codes(interaction: ExactValue | undefined): readonly string[] {
  return asArray(interaction).flatMap((one) => asString(asObject(one)?.code) ?? []);
}

function shortcomings(resources: Readonly<Record<string, ResourceCapability>>): readonly string[] {
  const problems: string[] = [];
  const list = (words: string, types: readonly string[]): void => {
    if (types.length > 0) problems.push(`${words}: ${types.join(', ')}.`);
  };
  const creates = WRITTEN.filter((type) => type !== 'Patient' && resources[type]?.create === true);
  list(
    'Nothing can be looked up by identifier, so that events cannot be matched',
    READ.filter((type) => resources[type]?.searchParameters.includes('identifier') !== true),
  );
  list(
    'Does not declare create',
    WRITTEN.filter((type) => type !== 'Patient' && resources[type]?.create !== true),
  );
  list(
    'Creates without conditional create, so that only looking protects against a repeat',
    creates.filter((type) => resources[type]?.conditionalCreate !== true),
  );
  list(
    'Creates without search by identifier, so that a lost answer needs a person',
    creates.filter((type) => resources[type]?.searchParameters.includes('identifier') !== true),
  );
  const patient = resources.Patient;
  if (patient?.update === true && patient.versioning === 'no-version')
    problems.push('Patients have no versions: demographics cannot be changed safely.');
  return problems;
}
