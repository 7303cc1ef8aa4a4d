import { expect, it } from 'vitest';
import { writeDetail } from './shapes.ts';
import { shapes } from '../../src-shared/contract/index.ts';
import { approval, now, write } from '../../src-shared/domain/testing/builders.ts';
import type { WriteView } from '../ports/inbound/index.ts';

const view = (row: WriteView['row'], changes: Partial<WriteView> = {}): WriteView => ({
  ...{ row, event: undefined, prepared: null, findings: [], signed: [], facts: null, normalized: null, exchanges: [] },
  ...{ withheld: [], reads: null, timeline: [] },
  ...changes,
});

it('G4 a write that took two people, emergency access or a selection keeps to the published shape', () => {
  const given = approval({
    emergency: 'id-7',
    context: [{ reference: 'AllergyIntolerance/1', versionId: '2' }],
    with: [approval({ by: 'dr-abe', context: [{ reference: 'AllergyIntolerance/1', versionId: '2' }] })],
  });
  const selection = { by: 'dr-x', name: 'X', role: 'clinician' as const, at: now, reason: 'need', contract: 'c-1' };
  const detail = shapes.writeDetail.parse(writeDetail(view(write({ approval: given, selection }))));
  expect(detail.approval).toMatchObject({ emergency: 'id-7', with: [{ by: 'dr-abe' }] });
  expect(detail.approval).not.toHaveProperty('context');
  expect(detail.selection).toMatchObject({ by: 'dr-x', at: new Date(now).toISOString() });
});

it('G2 what was withheld and what was read keep to the published shape', () => {
  const shown = {
    withheld: [{ path: 'subject.patient', act: 'replaced', rule: 'subject-by-reference', by: 'Patient/p1' }],
    reads: { list: '2', made: [{ purpose: 'identify', what: 'patient', found: ['Patient/p1'], elements: ['name'] }] },
  } as const;
  expect(shapes.writeDetail.parse(writeDetail(view(write(), shown)))).toMatchObject(shown);
});
