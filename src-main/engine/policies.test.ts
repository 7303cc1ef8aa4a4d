import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { explainPolicy, governance } from './index.ts';
import { Harness, owner, record, tester } from './testing/harness.ts';
import type { Person } from '../../src-shared/domain/index.ts';

/** A policy that is refused changes nothing: the one in force stays, whatever was wrong with the new one. */

const admin: Person = { id: 'admin', name: 'Ada', roles: ['integration-administrator'], npi: null, active: true };
const second: Person = { ...owner, id: 'dr-abe', name: 'Abe' };
const reviewer: Person = { ...owner, id: 'cora', name: 'Cora', roles: ['compliance-reviewer'] };
const shipped = readFileSync(path.resolve(import.meta.dirname, '../../resources/contracts/default.json'), 'utf8');

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const policies = () => governance(harness.deps);
const override = (version: string, row: object = { tier: 'high' }, scope: object = { connection: 'ehr' }): string =>
  JSON.stringify({ policy: 'override', version, scope, rows: [{ kind: 'note', reason: 'Here.', ...row }] });
const propose = async (text: string, by = admin): Promise<string> => {
  const outcome = await policies().propose(text, 'because', by, tester);
  if (!outcome.ok) throw new Error(outcome.message);
  return outcome.id;
};
const inForce = async (): Promise<string> => {
  const [receipt] = await harness.ingest(record({ id: `e-${(counted += 1)}`, patient: `p-${counted}` }));
  const found = await explainPolicy(harness.deps)(receipt?.writes[0] ?? '', tester);
  return found?.contractVersion ?? '';
};
let counted = 0;

describe('B1 with an override in force', () => {
  beforeEach(async () => {
    expect(await policies().approve(await propose(override('ov-1')), 'agreed', owner, tester)).toMatchObject({ ok: true });
    expect(await inForce()).toBe('default-1+ov-1');
  });
  afterEach(async () => {
    // Whatever was refused: what was in force is in force, and the log is whole.
    expect(await inForce()).toBe('default-1+ov-1');
    expect((await policies().show()).policies).toMatchObject([{ key: 'override connection ehr', documentVersion: 'ov-1' }]);
    expect((await harness.deps.ledger.verify()).problems).toEqual([]);
  });

  it.each([
    ['no JSON', '{"policy":', 'policy-invalid', /\S/],
    ['no policy', '{"policy":"wish"}', 'policy-invalid', /policy/],
    ['a member that is not known', override('ov-2', { tier: 'high', speed: 'fast' }), 'policy-invalid', /speed/],
    ['a tier that does not exist', override('ov-2', { tier: 'extreme' }), 'policy-invalid', /rows\.0\.tier/],
    ['nobody who may approve', override('ov-2', { approvers: [] }), 'policy-invalid', /approvers/],
    ['a cell that overrides do not have', override('ov-2', { resource: 'Task' }), 'policy-invalid', /resource/],
    ['a lower tier', override('ov-2', { tier: 'low' }), 'policy-loosens', /note\.tier from "medium" to "low"/],
    ['one approver more', override('ov-2', { approvers: ['clinician', 'operator'] }), 'policy-loosens', /note\.approvers/],
    ['one validation less', override('ov-2', { validations: ['structure'] }), 'policy-loosens', /note\.validations/],
    ['one comparison less', override('ov-2', { verify: ['type'] }), 'policy-loosens', /note\.verify/],
    ['the same version again', override('ov-1'), 'policy-version-used', /ov-1/],
  ])('B1 %s is refused by name', async (_, text, code, words) => {
    expect(await policies().propose(text, 'because', admin, tester)).toMatchObject({
      ...{ ok: false, code, message: expect.stringMatching(words) as unknown },
    });
  });

  it('B1 no reason, and no role, are refused by name', async () => {
    expect(await policies().propose(override('ov-2'), ' ', admin, tester)).toMatchObject({ ok: false, code: 'reason-missing' });
    const clinician: Person = { ...admin, roles: ['clinician'] };
    expect(await policies().propose(override('ov-2'), 'why', clinician, tester)).toMatchObject({
      ok: false,
      code: 'role-forbids',
    });
  });

  it('B1 nobody approves what they proposed, in whatever spelling of their name; nor does the wrong role', async () => {
    const id = await propose(override('ov-2', { tier: 'blocked' }), owner);
    for (const own of [owner, { ...owner, id: owner.id.toUpperCase() }])
      expect(await policies().approve(id, 'mine', own, tester)).toMatchObject({ ok: false, code: 'policy-self-approved' });
    expect(await policies().approve(id, 'x', reviewer, tester)).toMatchObject({ ok: false, code: 'role-forbids' });
    expect(await policies().refuse(id, 'no', second, tester)).toMatchObject({ ok: true, state: 'refused' });
    expect(await policies().approve(id, 'x', second, tester)).toMatchObject({ ok: false, code: 'policy-decided' });
  });
});

it('B1 an override that the contract beneath has overtaken loosens by now: refused at its approval, by name', async () => {
  const waiting = await propose(override('ov-1', { tier: 'high' }));
  const house = shipped.replace('default-1', 'house-2').replace(/("kind": "note",[^]*?"tier": )"medium"/, '$1"blocked"');
  expect(await policies().approve(await propose(house), 'agreed', owner, tester)).toMatchObject({ ok: true });
  expect(await policies().approve(waiting, 'agreed', owner, tester)).toMatchObject({
    ...{ ok: false, code: 'policy-loosens', message: expect.stringContaining('note.tier from "blocked" to "high"') as unknown },
  });
  expect(await inForce()).toBe('house-2');
});

it('B1 a later override may ask for less than the one before, never less than the contract; whoever approves is told', async () => {
  await policies().approve(await propose(override('ov-1', { tier: 'blocked' })), 'agreed', owner, tester);
  const outcome = await policies().propose(override('ov-2', { tier: 'high' }), 'too strict', admin, tester);
  expect(outcome).toMatchObject({
    ...{ ok: true, loosened: [{ kind: 'note', cell: 'tier', before: 'blocked', after: 'high' }] },
  });
  expect(outcome.ok && (await policies().approve(outcome.id, 'agreed', owner, tester)).ok).toBe(true);
  expect(await inForce()).toBe('default-1+ov-2');
});
