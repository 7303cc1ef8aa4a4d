import { describe, expect, it } from 'vitest';
import { contractMatrix, contractMatrixJsonSchema, contractRow } from './contract-matrix.ts';
import { contentKinds, contract, matrix } from './testing/builders.ts';

const issues = (value: unknown): string[] =>
  (contractMatrix.safeParse(value).error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
const without = (kind: string) => matrix.rows.filter((row) => row.kind !== kind);

describe('the contract matrix', () => {
  it.each(contentKinds)('B1 has one row for %s: neither none nor two', (kind) => {
    expect(contractRow(matrix, kind).kind).toBe(kind);
    expect(issues({ ...matrix, rows: without(kind) })).toEqual([`: needs exactly one row for "${kind}", has 0`]);
    expect(issues({ ...matrix, rows: [...matrix.rows, contract({ kind })] })).toEqual([
      `: needs exactly one row for "${kind}", has 2`,
    ]);
    expect(() => contractRow({ ...matrix, rows: without(kind) }, kind)).toThrow(
      `the contract matrix test-1 has no row for ${kind}`,
    );
  });

  const wrong: readonly (readonly [field: string, value: unknown])[] = [
    ['kind', 'coding-cue'],
    ['resource', 'documentReference'],
    ['resource', 'Patient/1'],
    ['operation', 'delete'],
    ['mode', 'anything'],
    ['tier', 'extreme'],
    ['approvers', []],
    ['approvers', ['nurse']],
    ['verify', []],
    ['verify', ['']],
    ['reason', ''],
    ['surprise', true],
  ];
  it.each(wrong)('B1 refuses a row whose %s is %j', (field, value) => {
    expect(issues({ ...matrix, rows: [{ ...contract(), [field]: value }, ...without('note')] })).not.toEqual([]);
  });

  it('B1 refuses a matrix without its version, and members it does not know', () => {
    expect(issues({ policy: 'contract', rows: matrix.rows })).toEqual([
      'version: Invalid input: expected string, received undefined',
    ]);
    expect(issues({ ...matrix, version: '' })).toHaveLength(1);
    expect(issues({ ...matrix, author: 'x' })).toEqual([': Unrecognized key: "author"']);
  });

  it('B1 has a schema for those who edit it', () => {
    expect(contractMatrixJsonSchema()).toMatchObject({ required: ['policy', 'version', 'rows'], additionalProperties: false });
  });
});
