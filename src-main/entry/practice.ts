import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { CommandFailure } from './console-io.ts';
import type { CommandContext } from './session.ts';
import { defaultConsentPolicy, defaultMatrix, type Workspace } from './workspace.ts';
import { register, takeIn } from '../engine/index.ts';
import { createSecret, hashSecret } from '../identity/index.ts';
import { resourcesFolder, sha256, systemClock, systemRandom } from '../platform/index.ts';
import { startPracticeEhr } from '../practice-ehr/index.ts';
import type { IncomingRecord } from '../ports/inbound/index.ts';
import { roles, sha256Hex, type Actor } from '../../src-shared/domain/index.ts';

/** The practice day: synthetic people and visits, written for this product, to try everything on. */

const visit = z.object({
  id: z.string(),
  type: z.string(),
  patient: z.string(),
  encounter: z.string(),
  practitioner: z.string(),
  occurredAt: z.string(),
  approvedAt: z.string().nullable(),
  content: z.record(z.string(), z.unknown()),
  draft: z.string(),
  transcript: z.string(),
  segments: z.array(z.record(z.string(), z.string())).optional(),
  patientOverride: z.record(z.string(), z.string()).optional(),
});
const practiceDay = z.object({
  tenant: z.string(),
  source: z.string(),
  people: z.array(z.object({ id: z.string(), name: z.string(), roles: z.array(z.enum(roles)), npi: z.string().nullable() })),
  visits: z.array(visit),
});
type PracticeDay = z.infer<typeof practiceDay>;

const chartPatient = z.object({
  identifier: z.tuple([z.object({ system: z.string(), value: z.string() })]),
  name: z.tuple([z.object({ family: z.string(), given: z.array(z.string()) })]),
  birthDate: z.string(),
  gender: z.string(),
});
const practiceChart = z.object({
  entry: z.array(z.object({ resource: z.looseObject({ resourceType: z.string(), id: z.string() }) })),
});

const FOUNDER: Actor = { kind: 'system', id: 'init' };
const CONNECTION = 'practice';

/** File names inside a practice workspace. Their secrets protect nothing but made-up people. */
export const practiceSecretsFile = 'practice-secrets.json';

/** Adds the practice EHR with its chart, the people, the source and the day's events. */
export async function fillPracticeWorkspace(
  context: CommandContext,
  workspace: Workspace,
  knownSecrets: Readonly<Record<string, string>>,
): Promise<void> {
  const folder = path.join(resourcesFolder(), 'practice');
  const chartFile = path.join(folder, 'chart.json');
  const day = practiceDay.parse(JSON.parse(readFileSync(path.join(folder, 'day.json'), 'utf8')));

  // A day on which nothing goes wrong would show nobody what this product is for.
  writeFileSync(workspace.paths.practiceFaults, readFileSync(path.join(folder, 'faults.json')), { mode: 0o600 });
  const ehr = await startPracticeEhr({ dataFile: workspace.paths.practiceChart, load: [chartFile] });
  await ehr.close();

  const registry = register({ ledger: workspace.ledger, clock: systemClock, random: systemRandom });
  await registry.connection(
    {
      name: CONNECTION,
      adapter: 'generic-r4',
      baseUrl: 'practice:generic-r4',
      tenants: null,
      environment: 'practice',
      stage: 'limited-auto-write',
      baa: null,
      auth: { kind: 'none' },
      active: true,
    },
    FOUNDER,
  );
  const secrets: Record<string, string> = { ...knownSecrets };
  for (const person of day.people) {
    const secret = createSecret();
    secrets[person.id] = secret;
    await registry.person({ ...person, active: true }, await hashSecret(secret), FOUNDER);
  }
  writeFileSync(path.join(workspace.paths.folder, practiceSecretsFile), `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  await registry.source(
    { name: day.source, tenants: [day.tenant], types: null, origin: 'ai', approvals: 'medium', owner: 'admin', active: true },
    FOUNDER,
  );

  const deps = {
    ledger: workspace.ledger,
    matrix: defaultMatrix(),
    consentPolicy: defaultConsentPolicy(),
    clock: systemClock,
    random: systemRandom,
    sha256,
    pseudonym: workspace.pseudonym,
  };
  let taken = 0;
  for await (const receipt of takeIn(deps)(practiceRecords(day, chartFile), FOUNDER)) {
    if (receipt.status === 'refused')
      throw new CommandFailure(1, receipt.code ?? 'event-invalid', `The practice day is broken: ${receipt.message ?? ''}`);
    taken += 1;
  }
  context.io.note(
    `Practice day: ${taken} visits of ${day.people.length} people's work taken in. Secrets of the people: ${practiceSecretsFile} in the workspace.`,
  );
}

/** The day's events as a scribe would send them: the content's characters first, then the approval bound to them. */
function practiceRecords(day: PracticeDay, chartFile: string): readonly IncomingRecord[] {
  const chart = practiceChart.parse(JSON.parse(readFileSync(chartFile, 'utf8')));
  const patients = new Map(chart.entry.map(({ resource }) => [`${resource.resourceType}/${resource.id}`, resource]));
  return day.visits.map((one, index) => {
    const patient = chartPatient.parse(patients.get(`Patient/${one.patient}`));
    const by = day.people.find((person) => person.id === one.practitioner);
    if (by === undefined) throw new RangeError(`the practice day has no ${one.practitioner}`);
    const [family = '', given = ''] = by.name.split(' ').reverse();
    const content = JSON.stringify(one.content);
    const event = {
      specVersion: '1.0',
      id: one.id,
      version: 1,
      type: one.type,
      tenant: day.tenant,
      source: day.source,
      origin: 'ai',
      occurredAt: one.occurredAt,
      workflowStep: 'sign',
      subject: {
        patient: {
          identifiers: patient.identifier,
          name: { family: patient.name[0].family, given: patient.name[0].given },
          birthDate: patient.birthDate,
          gender: patient.gender,
          ...one.patientOverride,
        },
        encounter: { identifiers: [{ system: 'urn:visit:practice', value: one.encounter }] },
        practitioner: {
          identifiers: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: by.npi }],
          name: { family, given: [given] },
        },
        organization: { identifiers: [{ system: 'urn:org:practice', value: day.tenant }] },
      },
      approval:
        one.approvedAt === null
          ? null
          : {
              status: 'approved',
              by: { id: by.id, name: by.name, role: 'clinician', npi: by.npi },
              at: one.approvedAt,
              meaning: 'reviewed and approved for the chart',
              contentSha256: sha256Hex(sha256, content),
            },
      provenance: {
        model: { name: 'practice-scribe', version: '1' },
        promptTemplate: { id: 'soap', version: '1' },
        transcript: one.segments === undefined ? { text: one.transcript } : { segments: one.segments },
        draft: { text: one.draft },
      },
    };
    // The content goes in as the characters that were hashed.
    const text = `${JSON.stringify(event).slice(0, -1)},"content":${content}}`;
    return { file: 'practice day', line: index + 1, text };
  });
}
