import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { control, governance } from './index.ts';
import { Harness, note, owner, record, tester } from './testing/harness.ts';
import type { Person } from '../../src-shared/domain/index.ts';

/** Rules of the organization about consent that ask where, and whether the clinician has attested (G1). */

const officer: Person = { ...owner, id: 'cora', roles: ['compliance-reviewer'] };
const second: Person = { ...officer, id: 'cleo' };
let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

async function rule(version: string, when: object, effect: 'deny' | 'explicit'): Promise<void> {
  const file = path.resolve(import.meta.dirname, '../../resources/consent/default.json');
  const shipped = JSON.parse(readFileSync(file, 'utf8')) as { rules: readonly object[] };
  const rules = [{ id: 'own', when, effect, reason: 'The law there asks for it.' }, ...shipped.rules];
  const policies = governance(harness.deps);
  const proposed = await policies.propose(JSON.stringify({ ...shipped, version, rules }), 'because', officer, tester);
  if (!proposed.ok || !(await policies.approve(proposed.id, 'agreed', second, tester)).ok) throw new Error('not in force');
}
const one = async (id: string, members: object = {}): Promise<string> => {
  const text = record({ id, patient: id, content: note(`Note of ${id}.`) });
  const [receipt] = await harness.ingest(`${JSON.stringify({ device: 'd', ...members }).slice(0, -1)},${text.slice(1)}`);
  return receipt?.writes[0] ?? '';
};
const stateOf = async (id: string) => (await harness.write(id)).state;
const region = (code: string) => control(harness.deps).settings('ehr', { region: code }, 'moved', tester);

it('G1 a rule for a region holds there, and where nobody has said where; elsewhere the write goes', async () => {
  await rule('r-1', { regions: ['US-CA'] }, 'deny');
  const id = await one('e1');
  await harness.drain();
  expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'consent-denied' } });
  expect(await region('California')).toMatchObject({ ok: false, code: 'settings-invalid' });
  await region('US-CA');
  await harness.drain();
  expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'consent-denied' } });
  await region('US-NY');
  await harness.drain();
  expect(await stateOf(id)).toMatchObject({ name: 'committed' });
});

it('G1 a rule may ask for the attestation of the clinician', async () => {
  await rule('r-1', { origins: ['ai'], attested: false }, 'explicit');
  const without = await one('e1');
  const attested = await one('e2', { provenance: { attestation: 'read and corrected by me' } });
  await harness.drain();
  expect(await stateOf(without)).toMatchObject({ name: 'held', hold: { code: 'consent-unknown' } });
  expect(await stateOf(attested)).toMatchObject({ name: 'committed' });
});
