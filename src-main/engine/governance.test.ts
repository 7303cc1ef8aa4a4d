import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { control, explainPolicy, gates, governance, register, safety } from './index.ts';
import { clinician, connection, Harness, note, owner, record, tester } from './testing/harness.ts';
import { checklistItems, type Connection, type Person } from '../../src-shared/domain/index.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const admin: Person = { id: 'admin', name: 'Ada', roles: ['integration-administrator'], npi: null, active: true };
const reviewer: Person = { id: 'cora', name: 'Cora', roles: ['compliance-reviewer'], npi: null, active: true };

/** An event of the harness with members of its own, the approval still bound to its content. */
const eventWith = (options: Parameters<typeof record>[0], members: object): string =>
  JSON.stringify({ ...(JSON.parse(record(options)) as object), ...members }).replace(
    /"content":.*?(?=,"consent"|,"targets"|\}$)/,
    () => /"content":.*(?=\}$)/.exec(record(options))?.[0] ?? '',
  );
const withConsent = (id: string, consent: object): string => eventWith({ id }, { consent });
const one = (text: string): Promise<string> => harness.oneWrite(text);
const stateOf = async (id: string) => (await harness.write(id)).state;
const explain = async (id: string) => {
  const found = await explainPolicy(harness.deps)(id, tester);
  if (found === undefined) throw new Error('no such write');
  return found;
};
const matrixFile = (change: (text: string) => string): string =>
  change(readFileSync(path.resolve(import.meta.dirname, '../../resources/contracts/default.json'), 'utf8'));

describe('the consent that an event names', () => {
  const put = (resource: object): void => {
    const whole = {
      ...{ resourceType: 'Consent', id: '7', status: 'active', patient: { reference: 'Patient/p1' } },
      scope: { coding: [{ code: 'patient-privacy' }] },
      category: [{ coding: [{ code: 'INFA' }] }],
      policyRule: { coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'OPTIN' }] },
      ...resource,
    };
    const at = harness.ehr.chart.findIndex(({ reference }) => reference === 'Consent/7');
    const entry = { reference: 'Consent/7', writeId: 'of the EHR', resource: whole, versionId: 1 };
    harness.ehr.chart.splice(at === -1 ? 0 : at, at === -1 ? 0 : 1, entry);
  };
  const naming = { status: 'active', purposes: ['treatment'], reference: 'Consent/7' };

  it('G1 is read when the write is checked and again before it is sent', async () => {
    put({});
    const id = await one(withConsent('e1', naming));
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
    const checked = (await harness.timeline(id)).find(({ type }) => type === 'write.checked');
    expect(checked?.body).toMatchObject({
      reads: { made: expect.arrayContaining([expect.objectContaining({ what: 'consent', found: ['Consent/7'] })]) as unknown },
    });
  });

  it.each<[string, string, object | null]>([
    ['consent-unknown', 'named-missing', null],
    ['consent-unknown', 'named-missing', { patient: { reference: 'Patient/other' } }],
    ['consent-unknown', 'named-missing', { category: undefined }],
    ['consent-denied', 'named-denies', { policyRule: { coding: [{ code: 'OPTOUT' }] } }],
    ['consent-denied', 'named-denies', { status: 'rejected' }],
    ['consent-unknown', 'named-unclear', { status: 'draft' }],
    ['consent-unknown', 'named-unclear', { modifierExtension: [{ url: 'urn:x' }] }],
  ])('G1 holds the write as %s by the rule %s', async (code, rule, resource) => {
    if (resource !== null) put(resource);
    const id = await one(withConsent('e1', naming));
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code, liftedBy: 'compliance-reviewer' } });
    expect(await explain(id)).toMatchObject({ consent: { rule, artifact: 'Consent/7' } });
    expect(harness.ehr.sends).toEqual([]);
  });

  it('G1 taken back in the EHR after the check, nothing leaves', async () => {
    put({});
    const id = await one(withConsent('e1', naming));
    const { read } = harness.ehr;
    let reads = 0;
    harness.ehr.read = (reference) => {
      if (reference === 'Consent/7' && (reads += 1) === 1) setImmediate(() => put({ status: 'rejected' }));
      return read.call(harness.ehr, reference);
    };
    await harness.drain();
    expect(reads).toBeGreaterThan(1);
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'consent-denied' }, resume: 'pending' });
    expect(harness.ehr.sends).toEqual([]);
  });

  it('G1 not readable just now, the write waits instead of guessing', async () => {
    put({});
    const { read } = harness.ehr;
    let down = true;
    harness.ehr.read = (reference) => {
      if (reference !== 'Consent/7' || !down) return read.call(harness.ehr, reference);
      return Promise.resolve({ outcome: 'failed', code: 'ehr-unreachable', retryAfterMs: null, exchange: [] });
    };
    const id = await one(withConsent('e1', naming));
    await harness.drain(1);
    expect(await stateOf(id)).toMatchObject({ name: 'draft', code: 'ehr-unreachable' });
    down = false;
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
  });
});

describe('consent', () => {
  it('G1 an event that says nothing goes on the consent that lies in coming to be treated, and says so', async () => {
    const id = await one(record({ id: 'e1' }));
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
    expect(await explain(id)).toMatchObject({
      verdict: 'went',
      consentWhenChecked: { result: 'permit', rule: 'implied' },
      consentWhenSent: { result: 'permit', rule: 'implied', artifact: 'policy consent-default-1, rule documentation-of-care' },
    });
  });

  it.each([
    ['consent-revoked', { status: 'revoked' }],
    ['consent-expired', { status: 'active', expiresAt: '2026-03-01' }],
    ['consent-unknown', { status: 'unknown' }],
    ['consent-out-of-scope', { status: 'active', purposes: ['research'] }],
  ])('G1 %s: nothing is sent, and it says who can lift it', async (code, consent) => {
    const id = await one(withConsent('e1', consent));
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code, liftedBy: 'compliance-reviewer' } });
    expect(harness.ehr.sends).toEqual([]);
    const explained = await explain(id);
    expect(explained).toMatchObject({ verdict: 'waits', code });
    expect(explained.steps.find((step) => step.rule === 'consent')?.outcome).toBe('waits');
  });

  it('G1 a consent that expires between the check and the sending stops it at the last moment', async () => {
    const consent = { status: 'active', expiresAt: '2026-03-02T10:30:00Z' };
    const id = await one(eventWith({ id: 'e1', approved: false }, { consent }));
    await harness.drain();
    expect(await explain(id)).toMatchObject({ state: 'awaiting-approval', consentWhenChecked: { rule: 'stated-active' } });
    await harness.approve(id, clinician);
    harness.clock.advance(60 * 60_000);
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'consent-expired' }, resume: 'pending' });
    expect(harness.ehr.sends).toEqual([]);
  });
});

describe('policies', () => {
  const override = (tier: string, version = 'ov-1'): string =>
    JSON.stringify({
      policy: 'override',
      version,
      scope: { connection: 'ehr' },
      rows: [{ kind: 'note', tier, reason: 'Here.' }],
    });
  const policies = () => governance(harness.deps);
  const propose = async (text: string, person = admin): Promise<string> => {
    const outcome = await policies().propose(text, 'because', person, tester);
    if (!outcome.ok) throw new Error(outcome.message);
    return outcome.id;
  };

  it('B1 an approved override is in force from then on: a note that would have gone waits for somebody', async () => {
    const before = await one(record({ id: 'e1' }));
    await harness.drain();
    expect(await stateOf(before)).toMatchObject({ name: 'committed' });
    const id = await propose(override('high'));
    const meanwhile = await one(record({ id: 'e2', patient: 'p2' }));
    await harness.drain();
    expect(await stateOf(meanwhile)).toMatchObject({ name: 'committed' });
    expect(await policies().approve(id, 'agreed', owner, tester)).toMatchObject({ ok: true, state: 'approved' });
    const after = await one(record({ id: 'e3', patient: 'p3' }));
    await harness.drain();
    expect((await harness.write(after)).tier).toBe('high');
    expect(await stateOf(after)).toMatchObject({ name: 'awaiting-approval' });
    expect((await explain(after)).contractVersion).toBe('default-1+ov-1');
  });

  it('F1 B1 the rules of an organization hold from their approval on, for its tenant', async () => {
    const rules = (tenant: string) =>
      JSON.stringify({
        ...{ policy: 'house-rules', version: 'h-1', tenant },
        ...{ normalRanges: [], required: [], sections: [], protected: [], conventions: [] },
        disallowed: [{ id: 'no-billing', kind: 'note', contains: 'of e2', severity: 'stop', reason: 'Not here' }],
      });
    const found = async (id: string) => (await harness.inspect.write(id, tester))?.findings.map(({ rule }) => rule);
    const id = await propose(rules('north'));
    expect(await policies().approve(id, 'mine', admin, tester)).toMatchObject({ ok: false, code: 'policy-self-approved' });
    const before = await one(record({ id: 'e1' }));
    await harness.drain();
    expect([(await stateOf(before)).name, await found(before)]).toEqual(['committed', []]);
    expect(await policies().approve(id, 'agreed', owner, tester)).toMatchObject({ ok: true });
    await policies().approve(await propose(rules('south')), 'agreed', owner, tester);
    const after = await one(record({ id: 'e2', patient: 'p2' }));
    await harness.drain();
    expect([await stateOf(after), await found(after)]).toMatchObject([
      { name: 'failed-terminal', code: 'content-refused' },
      ['house-disallowed'],
    ]);
    expect(harness.ehr.sends).toEqual([before]);
  });

  it('B1 what was approved under another contract is not sent: it is prepared and approved anew', async () => {
    const id = await one(record({ id: 'e1', approved: false }));
    await harness.drain();
    await harness.approve(id, clinician);
    await policies().approve(await propose(override('high')), 'agreed', owner, tester);
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'awaiting-approval' });
    expect(harness.ehr.sends).toEqual([]);
    expect((await harness.write(id)).prepared?.contract).toBe('default-1+ov-1');
  });

  it.each([
    ['invalid', '{"policy":"override"}', 'policy-invalid'],
    ['no JSON', '{', 'policy-invalid'],
    ['naming a member twice', '{"policy":"baa","policy":"contract"}', 'policy-invalid'],
    ['loosening', override('low'), 'policy-loosens'],
    ['of a version that is in force', matrixFile((text) => text), 'policy-version-used'],
  ])('B1 a policy that is %s is refused by name, and the old one stays', async (_, text, code) => {
    expect(await policies().propose(text, 'because', admin, tester)).toMatchObject({ ok: false, code });
    expect(await policies().show()).toEqual({ policies: [], proposals: [] });
    const id = await one(record({ id: 'e1' }));
    await harness.drain();
    expect((await explain(id)).contractVersion).toBe('default-1');
  });

  it('B1 nobody approves their own; a decided proposal is decided', async () => {
    const both: Person = { ...owner, roles: ['clinical-owner'] };
    const id = await propose(override('high'), both);
    expect(await policies().approve(id, 'mine', both, tester)).toMatchObject({ ok: false, code: 'policy-self-approved' });
    expect(await policies().approve(id, 'x', reviewer, tester)).toMatchObject({ ok: false, code: 'role-forbids' });
    expect((await policies().show()).policies).toEqual([]);
    expect(await policies().refuse(id, 'no', { ...both, id: 'dr-x' }, tester)).toMatchObject({ ok: true, state: 'refused' });
    expect(await policies().approve(id, 'x', { ...both, id: 'dr-y' }, tester)).toMatchObject({
      ok: false,
      code: 'policy-decided',
    });
    expect(await policies().approve('nothing', 'x', owner, tester)).toMatchObject({ ok: false, code: 'policy-unknown' });
  });

  it('B1 the whole contract can be replaced, and each loosened cell is on record', async () => {
    const text = matrixFile((file) =>
      file.replace('default-1', 'house-2').replace(/"verify": \[\s*"questionnaire",/, '"verify": ['),
    );
    const outcome = await policies().propose(text, 'because', admin, tester);
    expect(outcome).toMatchObject({ ok: true, loosened: [{ kind: 'questionnaire-response', cell: 'verify' }] });
    expect(outcome.ok && (await policies().approve(outcome.id, 'agreed', owner, tester)).ok).toBe(true);
    const id = await one(record({ id: 'e1' }));
    await harness.drain();
    expect((await explain(id)).contractVersion).toBe('house-2');
    expect((await harness.deps.ledger.verify()).ok).toBe(true);
  });

  it('G3 where the contract asks for two people, one is not enough and the same one twice is one', async () => {
    const text = JSON.stringify({
      policy: 'override',
      version: 'two',
      scope: { tenant: 'north' },
      rows: [{ kind: 'note', persons: 2, reason: 'Four eyes.' }],
    });
    await policies().approve(await propose(text), 'agreed', owner, tester);
    const id = await one(record({ id: 'e1' }));
    await harness.drain();
    expect(await harness.approve(id, clinician)).toMatchObject({ ok: true, state: 'awaiting-approval' });
    expect(await harness.approve(id, clinician)).toMatchObject({ ok: false, code: 'role-forbids' });
    await harness.drain();
    expect(harness.ehr.sends).toEqual([]);
    expect(await harness.approve(id, owner)).toMatchObject({ ok: true, state: 'pending' });
    expect((await harness.write(id)).approval).toMatchObject({ by: owner.id, with: [{ by: clinician.id }] });
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
  });
});

describe('real connections', () => {
  const real: Connection = {
    ...connection,
    name: 'prod',
    baseUrl: 'https://ehr.example/fhir',
    tenants: ['south'],
    environment: 'production',
    stage: 'staged',
  };
  const baa = JSON.stringify({
    policy: 'baa',
    version: 'baa-1',
    entries: [
      {
        id: 'acme',
        processor: 'Acme',
        contract: 'BAA 1',
        role: 'business-associate',
        permittedUse: ['treatment'],
        subprocessors: [],
        retention: 'six years',
        signedAt: '2026-01-01',
        expiresAt: '2026-03-31',
        covers: { sources: ['scribe-7'], connections: ['prod'] },
      },
    ],
  });
  const toProd = (id: string): string => eventWith({ id }, { tenant: 'south', targets: [{ connection: 'prod' }] });

  it('G9 nothing travels without an agreement, not even a question; G9, B6 it goes once covered and signed off', async () => {
    await register(harness.deps).connection(real, tester);
    let asked = 0;
    const lookUps = harness.ehr.lookUps;
    harness.ehr.lookUps = (query) => {
      asked += 1;
      return lookUps(query);
    };
    const id = await one(toProd('e1'));
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'baa-missing', liftedBy: 'compliance-reviewer' } });
    expect(asked).toBe(0);

    const policies = governance(harness.deps);
    const proposed = await policies.propose(baa, 'signed', admin, tester);
    expect(proposed.ok && (await policies.approve(proposed.id, 'seen', reviewer, tester)).ok).toBe(true);
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'gate-closed' } });
    expect(await policies.flows()).toEqual(
      expect.arrayContaining([expect.objectContaining({ to: 'prod', carries: 'health information', agreements: ['acme'] })]),
    );

    const signers = [
      ['compliance', reviewer],
      ['security', { ...reviewer, id: 'sid', roles: ['security-administrator'] }],
      ['clinical-leadership', owner],
      ['ehr-owner', admin],
    ] as const;
    for (const [signatory, person] of signers) {
      expect(await gates(harness.deps).sign('prod', signatory, checklistItems, 'ready', person, tester)).toMatchObject({
        ok: true,
      });
    }
    expect((await gates(harness.deps).report('prod'))?.gate.open).toBe(true);
    await harness.drain();
    // B7: outside practice nothing counts as tried before a run is on record for it.
    expect(await stateOf(id)).toMatchObject({ name: 'awaiting-approval', code: 'version-unseen' });
    const figures = [{ name: 'recall', value: 0.97, unit: '', goal: { at: 'least', value: 0.95 } }];
    const runs = safety(harness.deps);
    const { demanded } = await runs.show();
    expect(demanded.map(({ kind }) => kind)).toEqual(['contract', 'adapter']);
    const text = JSON.stringify({ bench: 'safety', commit: 'abc', figures });
    expect(await runs.record(text, demanded, 'first run', owner, tester)).toMatchObject({ ok: true, released: 1 });
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });

    // After the last day of the agreement nothing travels any more.
    harness.clock.advance(60 * 24 * 3_600_000);
    const late = await one(toProd('e2'));
    await harness.drain();
    expect(await stateOf(late)).toMatchObject({ name: 'held', hold: { code: 'baa-expired' } });
    expect((await harness.deps.ledger.verify()).ok).toBe(true);
  });

  it('B4 a stage outside practice is earned, one step at a time; going back is always allowed', async () => {
    await register(harness.deps).connection({ ...real, stage: 'read-only' }, tester);
    const stage = (to: Connection['stage']) => control(harness.deps).stage('prod', to, 'why', tester);
    expect(await stage('staged')).toMatchObject({ ok: false, code: 'stage-not-earned' });
    expect(await stage('draft')).toMatchObject({ ok: false, message: expect.stringContaining('tested') as unknown });
    await harness.deps.ledger.commit({
      tenant: '@workspace',
      expected: [],
      entries: [
        {
          type: 'connection.tested',
          stream: 'connection/prod',
          at: harness.clock.now(),
          actor: tester,
          patientKey: null,
          correlation: 'c',
          body: { connection: 'prod', ok: true, summary: '' },
        },
      ],
    });
    expect(await stage('draft')).toMatchObject({ ok: true });
    expect(await stage('shadow')).toMatchObject({ ok: false, message: expect.stringContaining('writes-checked') as unknown });
    expect(await stage('read-only')).toMatchObject({ ok: true });
    expect((await gates(harness.deps).report('prod'))?.stage).toMatchObject({
      stage: 'read-only',
      next: 'draft',
      mayAdvance: true,
    });
    expect(await gates(harness.deps).report('nothing')).toBeUndefined();
  });

  it('G8 a tenant with a real connection writes nothing to a practice chart', async () => {
    await register(harness.deps).connection({ ...real, tenants: ['north'] }, tester);
    const id = await one(eventWith({ id: 'e1' }, { targets: [{ connection: 'ehr' }] }));
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'environment-mix' } });
    expect(harness.ehr.sends).toEqual([]);
  });
});

it('B1 content made by whom the contract does not allow is refused, with the finding', async () => {
  const id = await one(record({ id: 'e1', content: note('x') }));
  const file = matrixFile((text) => text.replace('default-1', 'no-ai').replaceAll('"ai",', ''));
  const policies = governance(harness.deps);
  const proposed = await policies.propose(file, 'because', admin, tester);
  if (!proposed.ok) throw new Error(proposed.message);
  await policies.approve(proposed.id, 'agreed', owner, tester);
  await harness.drain();
  expect(await stateOf(id)).toMatchObject({ name: 'failed-terminal', code: 'contract-forbids' });
  expect((await explain(id)).steps.find((step) => step.rule === 'checks')).toMatchObject({ outcome: 'stops' });
});
