import { describe, expect, it } from 'vitest';
import { connection, now, person } from '../testing/builders.ts';
import { mayNotCarry, phiFlows, type CarryFacts } from './carry.ts';
import type { BaaRegister } from './documents.ts';
import type { WriteState } from '../write.ts';
import {
  checklistItems,
  decideSign,
  gateState,
  signatories,
  signatoryNames,
  measured,
  stageReport,
  type GateSignature,
  type Signatory,
  type StageFacts,
} from './go-live.ts';

const real = connection({ name: 'ehr', environment: 'production', baseUrl: 'https://ehr.example/fhir', stage: 'staged' });
const signers = { compliance: 'cora', security: 'sid', 'clinical-leadership': 'dr-o', 'ehr-owner': 'eve' } as const;
const signature = (signatory: Signatory, changes: Partial<GateSignature> = {}): GateSignature => ({
  signatory,
  items: checklistItems,
  by: signers[signatory],
  name: 'N',
  role: signatories[signatory],
  at: now,
  meaning: 'ready',
  path: 'production generic-r4 https://ehr.example/fhir',
  ...changes,
});
const all = signatoryNames.map((one) => signature(one));
const without = (signatory: Signatory): readonly GateSignature[] => all.filter((one) => one.signatory !== signatory);

describe('B6 the gate', () => {
  it('B6 opens once all four have signed every item', () => {
    expect(gateState(real, all)).toMatchObject({ open: true, missing: [] });
  });
  it.each(signatoryNames)('B6 stays closed without %s', (signatory) => {
    expect(gateState(real, without(signatory))).toMatchObject({ open: false, missing: [`${signatory}: not signed`] });
  });
  it.each<readonly [string, GateSignature, RegExp]>([
    ['an item left out', signature('security', { items: checklistItems.slice(1) }), /not signed for scope/],
    [
      'another address',
      signature('security', { path: 'production generic-r4 https://other/fhir' }),
      /another adapter or address/,
    ],
    ['one person twice', signature('security', { by: 'CORA' }), /has already signed as compliance/],
  ])('B6 stays closed with %s', (_, one, words) => {
    const state = gateState(real, [...without('security'), one]);
    expect(state.open).toBe(false);
    expect(state.missing.join()).toMatch(words);
  });

  const sid = person({ id: 'sid', roles: ['security-administrator'] });
  it.each([
    ['in the role', sid, 'security', 'ready', 'ok'],
    ['without the role', person({ roles: ['clinician'] }), 'security', 'ready', 'role-forbids'],
    ['no longer active', { ...sid, active: false }, 'security', 'ready', 'role-forbids'],
    ['as a second signatory', person({ id: 'cora', roles: ['security-administrator'] }), 'security', 'ready', 'already-signed'],
    ['without saying what it means', sid, 'security', ' ', 'reason-missing'],
  ] as const)('B6 signing %s', (_, who, signatory, meaning, code) => {
    const decision = decideSign(real, without('security'), who, signatory, checklistItems, meaning, now);
    expect(decision.ok ? 'ok' : decision.code).toBe(code);
  });
});

describe('B4 exit criteria', () => {
  const facts = (changes: Partial<StageFacts>): StageFacts => ({
    stage: 'read-only',
    environment: 'production',
    testedOk: true,
    byState: {},
    verified: 50,
    edited: 0,
    gate: gateState(real, all),
    reviews: { open: 0, overdue: 0, fine: 0, wrong: 0 },
    shadow: { compared: 20, elements: [] },
    ...changes,
  });
  const closed = gateState(real, []);
  const otherwise = (serious: number) => ({ compared: 20, elements: [{ element: 'Task.code', serious, of: 20 }] });
  it.each<readonly [string, Partial<StageFacts>, string | null, boolean]>([
    ['tested', { stage: 'read-only' }, 'draft', true],
    ['not tested', { stage: 'read-only', testedOk: false }, 'draft', false],
    ['enough drafts', { stage: 'draft', byState: { held: 20 } }, 'shadow', true],
    ['too few drafts', { stage: 'draft', byState: { held: 19, draft: 5 } }, 'shadow', false],
    ['too many failed', { stage: 'draft', byState: { held: 20, 'failed-terminal': 3 } }, 'shadow', false],
    ['signed', { stage: 'shadow', byState: { held: 40 } }, 'staged', true],
    ['not signed', { stage: 'shadow', byState: { held: 40 }, gate: closed }, 'staged', false],
    ['no comparison', { stage: 'shadow', byState: { held: 40 }, shadow: null }, 'staged', false],
    ['too few compared', { stage: 'shadow', byState: { held: 40 }, shadow: { compared: 19, elements: [] } }, 'staged', false],
    ['an element as often otherwise as may be', { stage: 'shadow', byState: { held: 40 }, shadow: otherwise(1) }, 'staged', true],
    ['an element too often otherwise', { stage: 'shadow', byState: { held: 40 }, shadow: otherwise(2) }, 'staged', false],
    ['unreadable rows', { stage: 'shadow', byState: { held: 40, quarantined: 1 } }, 'staged', false],
    ['charted', { stage: 'staged', byState: { committed: 50 } }, 'limited-auto-write', true],
    ['too few charted', { stage: 'staged', byState: { committed: 49 } }, 'limited-auto-write', false],
    ['an outcome not known', { stage: 'staged', byState: { committed: 50, unknown: 1 } }, 'limited-auto-write', false],
    ['failures', { stage: 'staged', byState: { committed: 50, 'failed-terminal': 2 } }, 'limited-auto-write', false],
    ['too few verified', { stage: 'staged', byState: { committed: 50 }, verified: 48 }, 'limited-auto-write', false],
    ['just enough verified', { stage: 'staged', byState: { committed: 50 }, verified: 49 }, 'limited-auto-write', true],
    ['conflicts', { stage: 'staged', byState: { committed: 50, conflict: 2 } }, 'limited-auto-write', false],
    [
      'edits before approval',
      { stage: 'staged', byState: { committed: 50, superseded: 15 }, edited: 14 },
      'limited-auto-write',
      false,
    ],
    [
      'a review that is overdue',
      { stage: 'staged', byState: { committed: 50 }, reviews: { open: 1, overdue: 1, fine: 9, wrong: 0 } },
      'limited-auto-write',
      false,
    ],
    [
      'one that is not',
      { stage: 'staged', byState: { committed: 50 }, reviews: { open: 1, overdue: 0, fine: 9, wrong: 0 } },
      'limited-auto-write',
      true,
    ],
    [
      'a review that found it wrong',
      { stage: 'staged', byState: { committed: 50 }, reviews: { open: 0, overdue: 0, fine: 9, wrong: 1 } },
      'limited-auto-write',
      false,
    ],
    ['the last stage', { stage: 'limited-auto-write' }, null, false],
  ])('B4 %s', (_, changes, next, mayAdvance) => {
    expect(stageReport(facts(changes))).toMatchObject({ next, mayAdvance });
  });
});

it('B4 what is measured: states, what was read back as sent, and what was changed before it was sent', () => {
  const committed = (result: 'verified' | 'partial') =>
    ({ name: 'committed', verification: { result } }) as unknown as WriteState;
  const superseded: WriteState = { name: 'superseded', by: 'w2' };
  expect(
    measured([
      { state: committed('verified'), attempts: 1 },
      { state: committed('partial'), attempts: 1 },
      { state: superseded, attempts: 0 },
      { state: superseded, attempts: 1 },
    ]),
  ).toEqual({ byState: { committed: 2, superseded: 2 }, verified: 1, edited: 1 });
});

const entry = (id: string, covers: BaaRegister['entries'][number]['covers'], expiresAt: string | null = null) => ({
  id,
  processor: 'Acme',
  contract: 'c',
  role: 'business-associate' as const,
  permittedUse: ['treatment'],
  subprocessors: [{ name: 'Cloud', purpose: 'hosting' }],
  retention: 'six years',
  signedAt: '2026-03-02',
  expiresAt,
  covers,
});
const register = (...entries: BaaRegister['entries']): BaaRegister => ({ policy: 'baa', version: '1', entries });
const both = entry('acme', { sources: ['scribe-7'], connections: ['ehr'] });
const carry = (changes: Partial<CarryFacts> = {}): CarryFacts => ({
  tenant: 'north',
  connection: real,
  source: 'scribe-7',
  connections: [real],
  register: register(both),
  now: Date.parse('2026-03-02T10:00:00Z'),
  ...changes,
});

describe('G9 agreements', () => {
  it.each<readonly [string, Partial<CarryFacts>, string | null]>([
    ['covered, from the day of signing', {}, null],
    ['no register', { register: null }, 'baa-missing'],
    ['connection not covered', { register: register(entry('a', { sources: ['scribe-7'], connections: [] })) }, 'baa-missing'],
    ['source not covered', { register: register(entry('a', { sources: [], connections: ['ehr'] })) }, 'baa-missing'],
    ['under another reference', { connection: { ...real, baa: 'other' } }, 'baa-missing'],
    ['under its reference', { connection: { ...real, baa: 'acme' } }, null],
    ['on its last day', { register: register({ ...both, expiresAt: '2026-03-02' }) }, null],
    ['after its last day', { register: register({ ...both, expiresAt: '2026-03-01' }) }, 'baa-expired'],
    ['signed tomorrow', { register: register({ ...both, signedAt: '2026-03-03' }) }, 'baa-expired'],
    ['one of two in force', { register: register({ ...both, expiresAt: '2026-03-01' }, { ...both, id: 'b' }) }, null],
  ])('G9 %s', (_, changes, code) => {
    expect(mayNotCarry(carry(changes))?.code ?? null).toBe(code);
  });
});

describe('G8 environments', () => {
  const practice = connection({ name: 'practice', environment: 'practice' });
  it.each<readonly [string, Partial<CarryFacts>, string | null]>([
    ['practice alone needs no agreement', { connections: [practice], register: null }, null],
    ['beside a real connection of the tenant', { connections: [practice, real] }, 'environment-mix'],
    ['beside a sandbox of the tenant', { connections: [practice, { ...real, environment: 'sandbox' }] }, 'environment-mix'],
    ['beside a real connection of another tenant', { connections: [practice, { ...real, tenants: ['south'] }] }, null],
    ['beside one that is switched off', { connections: [practice, { ...real, active: false }] }, null],
  ])('G8 %s', (_, changes, code) => {
    expect(mayNotCarry(carry({ connection: practice, ...changes }))?.code ?? null).toBe(code);
  });

  it('G9 the map names every flow the configuration allows, and what stops it', () => {
    const source = { name: 'scribe-7', tenants: ['north'], active: true };
    const flows = (changes: object) =>
      phiFlows({ sources: [source], connections: [practice, real], register: register(both), now: carry().now, ...changes });
    expect(flows({})).toEqual([
      expect.objectContaining({ to: 'practice', carries: 'made-up people only', tenants: ['north'] }),
      expect.objectContaining({ to: 'ehr', carries: 'health information', agreements: ['acme'], subprocessors: ['Cloud'] }),
    ]);
    expect(flows({ register: null })[1]).toMatchObject({ carries: 'nothing', stoppedBy: expect.stringContaining('no entry') });
    expect(flows({ sources: [{ ...source, active: false }] })[1]).toMatchObject({ carries: 'nothing' });
    expect(flows({ sources: [{ ...source, tenants: ['south'] }], connections: [{ ...real, tenants: ['north'] }] })).toEqual([]);
  });
});
