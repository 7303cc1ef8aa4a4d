import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ContractRow, RowOverride } from '../contract-matrix.ts';
import { contract, matrix } from '../testing/builders.ts';
import type { ContractOverride } from './documents.ts';
import { loosens, loosensRow, overrideLoosens, tightened } from './tighten.ts';

const row = contract({
  classes: ['fact', 'intention'],
  origins: ['ai', 'clinician'],
  allowed: [{ element: 'status', codes: ['final', 'amended'] }],
  validations: ['structure', 'semantic'],
  verify: ['code', 'value'],
  fields: [
    { element: 'code', owner: 'source', use: 'writable', from: 'x' },
    { element: 'note', owner: 'ehr', use: 'advisory', from: 'x' },
  ],
  formulary: [{ system: 's', code: 'c', reason: 'r' }],
  approvers: ['clinician', 'clinical-owner'],
  merge: 'by-section',
  audit: 'strict',
  persons: 2,
});
const field = (element: string, use: 'writable' | 'advisory' | 'read-only') => ({
  element,
  owner: 'ehr' as const,
  use,
  from: 'x',
});

/** One change per cell: what loosens it, by name, and what tightens it. */
const cells: readonly (readonly [cell: string, change: Partial<ContractRow>, loosened: boolean])[] = [
  ['resource', { resource: 'Composition' }, true],
  ['operation', { operation: 'update' }, true],
  ['mode', { mode: 'append-only' }, true],
  ['mode', { mode: 'human-gate' }, false],
  ['classes', { classes: ['fact'] }, false],
  ['narrative', { narrative: 'stays-narrative' }, true],
  ['origins', { origins: ['ai', 'device'] }, true],
  ['origins', { origins: ['clinician'] }, false],
  ['allowed.status', { allowed: [{ element: 'status', codes: ['final', 'preliminary'] }] }, true],
  ['allowed.status', { allowed: [] }, true],
  ['allowed.status', { allowed: [{ element: 'status', codes: ['final'] }] }, false],
  ['allowed.intent', { allowed: [...row.allowed, { element: 'intent', codes: ['plan'] }] }, false],
  ['tier', { tier: 'low' }, true],
  ['tier', { tier: 'blocked' }, false],
  ['approvers', { approvers: ['clinician', 'operator'] }, true],
  ['approvers', { approvers: ['clinical-owner'] }, false],
  ['persons', { persons: 1 }, true],
  ['validations', { validations: ['structure'] }, true],
  ['validations', { validations: ['structure', 'semantic', 'evidence'] }, false],
  ['fields.note', { fields: [row.fields[0] ?? field('code', 'writable'), field('note', 'writable')] }, true],
  ['fields.extra', { fields: [...row.fields, field('extra', 'writable')] }, true],
  ['fields.extra', { fields: [...row.fields, field('extra', 'read-only')] }, false],
  ['fields.note', { fields: [row.fields[0] ?? field('code', 'writable'), field('note', 'read-only')] }, false],
  ['fields.code.owner', { fields: [field('code', 'writable')] }, true],
  ['verify', { verify: ['code'] }, true],
  ['verify', { verify: ['code', 'value', 'note'] }, false],
  ['merge', { merge: 'append' }, true],
  ['merge', { merge: 'hard-stop' }, false],
  ['rollback', { rollback: 'addendum' }, true],
  ['audit', { audit: 'standard' }, true],
  ['formulary', { formulary: [] }, true],
  ['formulary', { formulary: [...row.formulary, { system: 's', code: 'd', reason: 'r' }] }, false],
  ['reason', { reason: 'Other words.' }, false],
];

describe('B1 loosening', () => {
  it.each(cells)('B1 %s to %j: loosened is %s', (cell, change, loosened) => {
    const found = loosensRow(row, { ...row, ...change }).map((one) => one.cell);
    expect(found).toEqual(loosened ? [cell] : []);
  });

  it('B1 names kind, cell, before and after, for every row', () => {
    const after = { ...matrix, rows: matrix.rows.map((one) => (one.kind === 'note' ? { ...one, tier: 'low' as const } : one)) };
    expect(loosens(matrix, after)).toEqual([{ kind: 'note', cell: 'tier', before: 'medium', after: 'low' }]);
    expect(loosens(matrix, matrix)).toEqual([]);
  });
});

const override = (...rows: RowOverride[]): ContractOverride => ({
  policy: 'override',
  version: 'north-1',
  scope: { tenant: 'north' },
  rows,
});

describe('B1 overrides', () => {
  it('B1 one that tightens is in force with its version and reason', () => {
    const one = override({ kind: 'note', tier: 'high', approvers: ['clinical-owner'], reason: 'We read each.' });
    expect(overrideLoosens(matrix, one)).toEqual([]);
    const after = tightened(matrix, [one]);
    expect(after.version).toBe('test-1+north-1');
    expect(after.rows.find((each) => each.kind === 'note')).toMatchObject({
      tier: 'high',
      approvers: ['clinical-owner'],
      reason: 'A test needs a row. We read each.',
    });
    expect(after.rows.find((each) => each.kind === 'task')).toEqual(contract({ kind: 'task' }));
  });

  it('B1 one that has come to loosen a stricter contract loses exactly the cells that do', () => {
    const one = override({ kind: 'note', tier: 'medium', persons: 2, reason: 'x' });
    const strict = { ...matrix, rows: matrix.rows.map((each) => ({ ...each, tier: 'high' as const })) };
    expect(tightened(strict, [one]).rows.find((each) => each.kind === 'note')).toMatchObject({ tier: 'high', persons: 2 });
  });

  const cell = {
    tier: fc.constantFrom('low', 'medium', 'high', 'blocked'),
    persons: fc.constantFrom(1, 2),
    audit: fc.constantFrom('standard', 'strict'),
    origins: fc.subarray(['ai', 'clinician', 'patient', 'device'] as const, { minLength: 1 }),
    classes: fc.subarray(['fact', 'intention'] as const, { minLength: 1 }),
    approvers: fc.subarray(['operator', 'clinician', 'clinical-owner'] as const, { minLength: 1 }),
    validations: fc.subarray(['structure', 'semantic', 'evidence'] as const, { minLength: 1 }),
    verify: fc.subarray(['code', 'value', 'note'], { minLength: 1 }),
    formulary: fc.subarray([{ system: 's', code: 'c', reason: 'r' }]),
  };
  it('B1 whatever overrides say, the contract that results loosens nothing', () => {
    const change = fc
      .record(cell, { requiredKeys: [] })
      .map((cells_) => override({ kind: 'note', reason: 'x', ...cells_ } as RowOverride));
    fc.assert(
      fc.property(fc.array(change, { maxLength: 3 }), (overrides) => {
        expect(loosens(matrix, tightened(matrix, overrides))).toEqual([]);
      }),
    );
  });
});
