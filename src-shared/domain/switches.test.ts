import { describe, expect, it } from 'vitest';
import { failures, type FailureCode } from './failures.ts';
import {
  draftsOff,
  needsEvent,
  stageSends,
  stillHeld,
  switchDimensions,
  switchedOff,
  switchFacts,
  switchKey,
  switchStops,
  switchWords,
  type Switch,
  type SwitchScope,
} from './switches.ts';
import { write, writeIn } from './testing/builders.ts';

const provenance = { model: { name: 'gpt-4', version: '0613' }, promptTemplate: { id: 'soap', version: '17' } };
const row = write();
const facts = switchFacts(row, provenance);
const off = (scope: SwitchScope, changes: Partial<Switch> = {}): Switch => ({
  what: 'writes',
  scope,
  off: true,
  reason: 'wrong doses',
  by: 'op-1',
  ...changes,
});

describe('B5 kill switches', () => {
  it.each([
    [{}, true],
    [{ tenant: 'north-clinic' }, true],
    [{ tenant: 'south-clinic' }, false],
    [{ connection: 'north' }, true],
    [{ connection: 'nor' }, false],
    [{ resource: 'DocumentReference' }, true],
    [{ resource: 'Observation' }, false],
    [{ source: 'scribe-7' }, true],
    [{ source: 'scribe-8' }, false],
    [{ model: 'gpt-4' }, true],
    [{ model: 'gpt-4@0613' }, true],
    [{ model: 'gpt-4@0314' }, false],
    [{ model: 'gpt-5' }, false],
    [{ template: 'soap' }, true],
    [{ template: 'soap@17' }, false],
    [{ prompt: 'soap@17' }, true],
    [{ prompt: 'soap@18' }, false],
    [{ prompt: 'soap' }, false],
    [{ tenant: 'north-clinic', model: 'gpt-4' }, true],
    [{ tenant: 'north-clinic', model: 'gpt-5' }, false],
    [{ tenant: 'south-clinic', model: 'gpt-4' }, false],
  ] as const)('B5 %j stops it: %s', (scope, stops) => {
    expect(switchStops(facts, 'writes', [off(scope)]) !== undefined).toBe(stops);
    expect(switchStops(facts, 'approvals', [off(scope, { what: 'approvals' })]) !== undefined).toBe(stops);
  });

  it('B5 a switch that is on stops nothing, and one for writes freezes no approvals', () => {
    expect(switchStops(facts, 'writes', [off({}, { off: false })])).toBeUndefined();
    expect(switchStops(facts, 'approvals', [off({})])).toBeUndefined();
    expect(switchStops(facts, 'writes', [])).toBeUndefined();
  });

  it('B5 the one that stops is told among several', () => {
    const [first, second] = [off({ tenant: 'south-clinic' }), off({ source: 'scribe-7' })];
    expect(switchStops(facts, 'writes', [first, second])).toBe(second);
  });

  it('B5 an event that names no model is stopped by no switch for a model', () => {
    const unnamed = switchFacts(row, undefined);
    for (const name of ['model', 'prompt', 'template'] as const)
      expect(switchStops(unnamed, 'writes', [off({ [name]: 'gpt-4' })])).toBeUndefined();
    expect(switchStops(unnamed, 'writes', [off({})])).toBeDefined();
    expect(switchFacts(row, { model: { name: 'm' }, promptTemplate: { id: 'p' } })).toMatchObject({
      model: ['m'],
      prompt: ['p'],
      template: ['p'],
    });
  });

  it('B5 the event is needed only for what the row does not say', () => {
    for (const name of switchDimensions)
      expect(needsEvent([off({ tenant: 'x' }), off({ [name]: 'x' })])).toBe(['model', 'prompt', 'template'].includes(name));
  });

  it('B5 has one name, whatever the order, and says in words what it is for', () => {
    const [one, other] = [
      { tenant: 'a', model: 'b' },
      { model: 'b', tenant: 'a' },
    ] as const;
    expect(switchKey('writes', one)).toBe(switchKey('writes', other));
    expect(switchKey('writes', {})).not.toBe(switchKey('approvals', {}));
    expect(switchWords(one)).toBe('tenant a, model b');
    expect(switchWords({})).toBe('everything');
  });

  it('B5 a stopped write says why and who can lift it', () => {
    const pending = switchedOff(writeIn('pending'), off({ source: 'scribe-7' }));
    expect(pending).toEqual({
      name: 'held',
      hold: {
        code: 'writes-switched-off',
        liftedBy: 'operations-lead',
        reason: 'wrong doses (writes are switched off for source scribe-7, by op-1)',
      },
      resume: 'pending',
    });
    expect(switchedOff(writeIn('draft'), off({})).resume).toBe('draft');
  });

  it('B5 a stopped draft says why and who can lift it, and is checked when it goes on', () => {
    expect(draftsOff({ ...off({ source: 'scribe-7' }), what: 'drafts' })).toEqual({
      name: 'held',
      hold: {
        code: 'drafts-switched-off',
        liftedBy: 'operations-lead',
        reason: 'wrong doses (drafts are switched off for source scribe-7, by op-1)',
      },
      resume: 'draft',
    });
    const hold = { code: 'drafts-switched-off', liftedBy: 'operations-lead' } as const;
    expect(stillHeld(hold, undefined, { ...off({}), what: 'drafts' })).toBe(true);
    expect(stillHeld(hold, undefined, undefined)).toBe(false);
  });
});

describe('B4 what still holds', () => {
  it.each([
    ['read-only', false],
    ['draft', false],
    ['shadow', false],
    ['staged', true],
    ['limited-auto-write', true],
  ] as const)('B4 %s sends: %s', (stage, sends) => {
    expect(stageSends(stage)).toBe(sends);
    const hold = { code: 'stage-read-only', liftedBy: 'integration-administrator' } as const;
    expect(stillHeld(hold, { stage }, undefined)).toBe(!sends);
    expect(stillHeld(hold, undefined, undefined)).toBe(true);
  });

  it('B5 a switch holds as long as one stops the write; what cannot be seen is tried', () => {
    const hold = (code: FailureCode) => ({ code, liftedBy: 'operations-lead' }) as const;
    expect(stillHeld(hold('writes-switched-off'), undefined, off({}))).toBe(true);
    expect(stillHeld(hold('writes-switched-off'), undefined, undefined)).toBe(false);
    for (const code of Object.keys(failures) as FailureCode[]) {
      if (code === 'writes-switched-off' || code === 'drafts-switched-off' || code === 'stage-read-only') continue;
      expect(stillHeld(hold(code), undefined, off({})), code).toBe(false);
    }
  });
});
