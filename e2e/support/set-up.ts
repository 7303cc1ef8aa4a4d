import type { Desk } from './command-line.ts';
import { chartBundle, npi } from './chart.ts';

export interface PreparedDesk {
  readonly baseUrl: string;
  readonly controlUrl: string;
}

/** A workspace with a clinician, a clinical owner, a source whose approvals count to medium, and a practice EHR to write to. */
export async function setUp(
  desk: Desk,
  bundles: readonly string[] = [desk.file('chart.json', chartBundle())],
): Promise<PreparedDesk> {
  const ehr = await desk.practiceEhr(bundles.length === 0 ? [] : ['--load', ...bundles]);
  await desk.ok(['init']);
  await desk.ok(['person', 'add', 'dr-lee', '--name', 'Dana Lee', '--role', 'clinician', '--npi', npi], secretFor('dr-lee'));
  await desk.ok(['person', 'add', 'dr-okafor', '--name', 'Chidi Okafor', '--role', 'clinical-owner'], secretFor('dr-okafor'));
  await desk.ok(['source', 'add', 'scribe-7', '--approvals', 'medium', '--origin', 'ai']);
  await desk.ok(['connection', 'add', 'practice', '--adapter', 'generic-r4', '--base-url', ehr.baseUrl]);
  return ehr;
}

/** The environment in which a person is added with a known secret. */
export function secretFor(id: string): NodeJS.ProcessEnv {
  return { COUNTERSIGN_NEW_USER_SECRET: `the secret of ${id}` };
}

/** Options and environment for acting as a person added by `setUp`. */
export function as(id: string): { readonly args: readonly string[]; readonly env: NodeJS.ProcessEnv } {
  return { args: ['--as', id], env: { COUNTERSIGN_USER_SECRET: `the secret of ${id}` } };
}

/** How many resources in the chart carry each of our write identifiers. */
export async function effects(controlUrl: string): Promise<ReadonlyMap<string, number>> {
  const answer = await fetch(`${controlUrl}/effects?identifierSystem=${encodeURIComponent('urn:countersign:write')}`);
  const { values } = (await answer.json()) as { values: Record<string, number> };
  return new Map(Object.entries(values));
}

export async function setFaults(controlUrl: string, plan: unknown): Promise<void> {
  const answer = await fetch(`${controlUrl}/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(plan),
  });
  if (!answer.ok) throw new Error(`the fault plan was refused: ${answer.status} ${await answer.text()}`);
}
