import { describe, expect, it } from 'vitest';
import type { ExactObject } from '../../fhir/index.ts';
import { contract } from '../testing/builders.ts';
import { contractFindings, type ContractCheck } from './contract-findings.ts';

const field = (element: string, use: 'writable' | 'advisory' | 'read-only') => ({
  element,
  owner: 'ehr' as const,
  use,
  from: 'x',
});
const row = contract({
  resource: 'Condition',
  origins: ['ai', 'clinician'],
  allowed: [
    { element: 'status', codes: ['final'] },
    { element: 'clinicalStatus', codes: ['active'] },
  ],
  fields: [
    field('status', 'writable'),
    field('clinicalStatus', 'writable'),
    field('code', 'writable'),
    field('note', 'advisory'),
    field('stage', 'read-only'),
  ],
  formulary: [{ system: 'rx', code: '1', reason: 'not stocked' }],
});
const rules = (resource: ExactObject, changes: Partial<ContractCheck> = {}): readonly string[] =>
  contractFindings({
    contract: row,
    origin: 'ai',
    resource: { resourceType: 'Condition', ...resource },
    before: null,
    ...changes,
  }).map((one) => `${one.rule} ${one.path}`);

describe('B1 what is prepared keeps to its row', () => {
  const cases: readonly (readonly [string, ExactObject, readonly string[], Partial<ContractCheck>?])[] = [
    ['all as the row says', { id: '1', meta: {}, identifier: [], status: 'final', code: {}, note: [] }, []],
    ['a status that is not allowed', { status: 'amended' }, ['contract.status status']],
    ['a coded status that is', { clinicalStatus: { coding: [{ code: 'active' }] } }, []],
    [
      'a coded status that is not',
      { clinicalStatus: { coding: [{ code: 'active' }, { code: 'resolved' }] } },
      ['contract.status clinicalStatus'],
    ],
    ['an element that is read-only', { stage: [] }, ['contract.field stage']],
    ['an element nobody named', { severity: {} }, ['contract.field severity']],
    ['an update that leaves it as it was', { severity: { text: 'x' } }, [], { before: { severity: { text: 'x' } } }],
    [
      'an update that changes it',
      { severity: { text: 'y' } },
      ['contract.field severity'],
      { before: { severity: { text: 'x' } } },
    ],
    ['another origin', {}, ['contract.origin origin'], { origin: 'device' }],
    [
      'a code that is not on the formulary',
      { code: { coding: [{ system: 'rx', code: '1' }] } },
      ['contract.formulary Condition'],
    ],
    ['the same code of another system', { code: { coding: [{ system: 'other', code: '1' }] } }, []],
    [
      'several breaches, each of them',
      { status: 'x', severity: {} },
      ['contract.origin origin', 'contract.status status', 'contract.field severity'],
      { origin: 'patient' },
    ],
  ];
  it.each(cases.map((one) => [one[0], one] as const))('B1 %s', (_, [, resource, expected, changes = {}]) => {
    expect(rules(resource, changes)).toEqual(expected);
  });

  it('B8 the shipped path of orders lets nothing be written that could be acted on', () => {
    const order = contract({ kind: 'order', fields: [field('status', 'writable'), field('intent', 'writable')] });
    const found = contractFindings({
      contract: order,
      origin: 'ai',
      resource: { resourceType: 'ServiceRequest', status: 'active', intent: 'order' },
      before: null,
    });
    expect(found.map((one) => one.path)).toEqual(['status', 'intent']);
  });
});
