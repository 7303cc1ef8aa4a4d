import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { limits } from '../limits/index.ts';
import type { Content } from './content.ts';
import { fanOut, itemsOf, slotKey, subjectKey, type FanOutInput } from './fan-out.ts';
import { connection, event, matrix, pseudonym, sha256 } from './testing/builders.ts';
import { contentExamples } from './testing/records.ts';

const note = { note: { text: 'Feels well.' } };
const problem = (key?: string, cls?: string) => ({
  code: { text: 'Asthma' },
  ...(key === undefined ? {} : { key }),
  ...(cls === undefined ? {} : { class: cls }),
});

function plan(content: unknown, changes: Partial<FanOutInput> = {}) {
  return fanOut({
    event: event({ content }),
    connections: ['north'],
    matrix,
    contentSha256: 'c'.repeat(64),
    pseudonym,
    sha256,
    earlier: new Map(),
    ...changes,
  });
}
function planned(content: unknown, changes: Partial<FanOutInput> = {}) {
  const result = plan(content, changes);
  if (!result.ok) throw new Error(result.message);
  return result;
}
const contentOf = (content: unknown): Content => event({ content }).content as Content;

describe('itemsOf', () => {
  it('A2 places every kind of content in a fixed order, whatever the order it came in', () => {
    const all = Object.fromEntries(
      Object.entries(contentExamples).map(([member, [first]]) => [
        member,
        Array.isArray(first)
          ? first.slice(0, 1).map((one: object) => ({ ...one, key: undefined }))
          : { ...(first as object), key: undefined },
      ]),
    );
    const expected = [
      'note/0 note',
      'addendum/0 addendum',
      'observations/0 observation',
      'problems/0 problem',
      'allergies/0 allergy',
      'medications/0 medication-statement',
      'orders/0 order',
      'procedures/0 procedure',
      'carePlans/0 care-plan',
      'tasks/0 task',
      'messages/0 message',
      'patientInstructions/0 patient-instructions',
      'questionnaireResponses/0 questionnaire-response',
      'consents/0 consent',
      'demographics/0 demographics',
      'encounterStatus/0 encounter-status',
      'documents/0 document',
      'intakeSummary/0 intake-summary',
    ];
    for (const content of [all, Object.fromEntries(Object.entries(all).reverse())]) {
      const { items, kept } = itemsOf(contentOf(content));
      expect(items.map(({ slot, clinical }) => `${slot} ${clinical.kind}`)).toEqual(expected);
      expect(kept).toEqual([{ slot: 'codingCues/0', reason: 'a coding cue: never charted' }]);
    }
  });

  it.each([
    [undefined, 'item'],
    ['fact', 'item'],
    ['intention', 'item'],
    ['ambiguity', 'unclear to its source: a person has to decide what is meant'],
    ['suggestion', 'a suggestion: shown, not charted'],
  ])('A2 an item of class %s becomes: %s', (cls, becomes) => {
    const { items, kept } = itemsOf(contentOf({ problems: [problem('a', cls), problem('b')] }));
    expect(items.map(({ slot }) => slot)).toEqual(becomes === 'item' ? ['problems/a', 'problems/b'] : ['problems/b']);
    expect(kept).toEqual(becomes === 'item' ? [] : [{ slot: 'problems/a', reason: becomes }]);
  });

  it.each([
    // record, class -> what it becomes
    [undefined, undefined, 'medication-statement'],
    [undefined, 'fact', 'medication-statement'],
    [undefined, 'intention', 'medication-request'],
    ['statement', 'intention', 'medication-statement'],
    ['request', 'fact', 'medication-request'],
    ['request', undefined, 'medication-request'],
  ])('A2 a medication with record %s and class %s is a %s', (recordKind, cls, kind) => {
    const medication = {
      medication: { text: 'Aspirin' },
      ...(recordKind === undefined ? {} : { record: recordKind }),
      ...(cls === undefined ? {} : { class: cls }),
    };
    expect(itemsOf(contentOf({ medications: [medication] })).items[0]?.clinical.kind).toBe(kind);
  });

  it('A3 keeps a place free for what is not charted: the class of one item moves no other', () => {
    const slots = (cls: string): string[] =>
      itemsOf(contentOf({ problems: [problem(), problem(undefined, cls), problem()] })).items.map(({ slot }) => slot);
    expect(slots('fact')).toEqual(['problems/0', 'problems/1', 'problems/2']);
    expect(slots('suggestion')).toEqual(['problems/0', 'problems/2']);
  });
});

describe('fanOut', () => {
  it('A3 plans one write per item and connection, all in one group', () => {
    const { writes } = planned({ ...note, problems: [problem(), problem()] }, { connections: ['north', 'south'] });
    expect(writes.map((write) => `${write.connection} ${write.slot}`)).toEqual([
      'north note/0',
      'north problems/0',
      'north problems/1',
      'south note/0',
      'south problems/0',
      'south problems/1',
    ]);
    expect(new Set(writes.map(({ id }) => id)).size).toBe(6);
    expect(new Set(writes.map(({ group }) => group)).size).toBe(1);
  });

  it('A3 says all that a write is', () => {
    const [write] = planned({ demographics: { preferredLanguage: 'de' } }).writes;
    expect(write).toEqual({
      id: expect.stringMatching(/^[a-z2-7]{52}$/) as unknown,
      tenant: 'north-clinic',
      connection: 'north',
      source: 'scribe-7',
      eventId: 'scribe-7:visit-88:note',
      eventVersion: 1,
      slot: 'demographics/0',
      kind: 'demographics',
      resourceType: 'Patient',
      operation: 'update',
      tier: 'medium',
      group: expect.stringMatching(/^[a-z2-7]{26}$/) as unknown,
      lane: pseudonym('north-clinic', 'lane ["north","identifier urn:mrn:north|100234",""]'),
      patientKey: pseudonym('north-clinic', 'patient identifier urn:mrn:north|100234'),
      encounterKey: null,
      supersedes: null,
      contentSha256: 'c'.repeat(64),
    });
  });

  it('H5 names patient and visit by pseudonyms of their own, never by what the source calls them', () => {
    const subject = {
      patient: { identifiers: [{ system: 'urn:mrn:north', value: '100234' }], birthDate: '1967-02-11' },
      encounter: { identifiers: [{ system: 'urn:visit:north', value: 'V-88' }] },
    };
    const { writes } = planned(note, { event: event({ subject }) });
    expect(writes[0]).toMatchObject({
      lane: pseudonym('north-clinic', 'lane ["north","identifier urn:mrn:north|100234","identifier urn:visit:north|V-88"]'),
      patientKey: pseudonym('north-clinic', 'patient identifier urn:mrn:north|100234'),
      encounterKey: pseudonym('north-clinic', 'encounter identifier urn:visit:north|V-88'),
    });
    expect(JSON.stringify(writes)).not.toMatch(/100234|V-88|urn:mrn/);
  });

  it('A3 asks nothing of a report, and nothing of content that is only kept', () => {
    expect(plan(note, { event: event({ type: 'encounter.opened', content: undefined }) })).toEqual({
      ok: true,
      writes: [],
      kept: [],
    });
    expect(planned({ codingCues: [{ code: { text: 'x' }, key: 'c' }] })).toEqual({
      ok: true,
      writes: [],
      kept: [{ slot: 'codingCues/c', reason: 'a coding cue: never charted' }],
    });
  });

  it('C3 refuses two items in one slot', () => {
    expect(plan({ problems: [problem('a'), problem('a')] })).toEqual({
      ok: false,
      code: 'event-duplicate-slot',
      message: 'two items stand in the slot "problems/a"',
    });
    // A key that looks like another item's place is the same slot, too.
    expect(plan({ problems: [problem('1'), problem()] })).toMatchObject({ ok: false, code: 'event-duplicate-slot' });
    expect(plan({ problems: [problem('a')], tasks: [{ description: 'x', key: 'a' }] })).toMatchObject({ ok: true });
  });

  it('C3 refuses an event that asks for more entries than one may, counting every connection', () => {
    const half = Array.from({ length: limits.writesPerEventMax / 2 }, () => problem());
    expect(planned({ problems: half }, { connections: ['a', 'b'] }).writes).toHaveLength(limits.writesPerEventMax);
    expect(plan({ problems: [...half, problem()] }, { connections: ['a', 'b'] })).toEqual({
      ok: false,
      code: 'event-too-many-writes',
      message: `more than ${limits.writesPerEventMax} chart entries in one event`,
    });
    expect(plan({ problems: [...half, problem('x', 'suggestion')] }, { connections: ['a', 'b'] })).toMatchObject({ ok: true });
  });

  it('C3 tells the doubled slot before the number of entries', () => {
    const many = Array.from({ length: limits.writesPerEventMax + 1 }, () => problem('a'));
    expect(plan({ problems: many })).toMatchObject({ code: 'event-duplicate-slot' });
  });

  it('A3 follows an earlier version slot by slot and connection by connection', () => {
    const earlier = new Map([
      [slotKey('north', 'problems/a'), 'old-a'],
      [slotKey('south', 'problems/b'), 'old-b-south'],
    ]);
    const { writes } = planned(
      { problems: [problem('b'), problem('a'), problem('c')] },
      { earlier, connections: ['north', 'south'] },
    );
    expect(writes.map(({ connection: to, slot, supersedes }) => `${to} ${slot} ${supersedes}`)).toEqual([
      'north problems/b null',
      'north problems/a old-a',
      'north problems/c null',
      'south problems/b old-b-south',
      'south problems/a null',
      'south problems/c null',
    ]);
  });

  it('C6 orders by patient and visit of one connection: each of the three makes another lane', () => {
    const identifiers = (value: string) => [{ system: 'urn:x', value }];
    const lane = (patient: string, visit: string | null, to: string): string | undefined => {
      const subject = {
        patient: { identifiers: identifiers(patient), birthDate: '2000-01-01' },
        ...(visit === null ? {} : { encounter: { identifiers: identifiers(visit) } }),
      };
      return planned(note, { event: event({ content: note, subject }), connections: [to] }).writes[0]?.lane;
    };
    const lanes = [
      lane('1', '1', 'north'),
      lane('2', '1', 'north'),
      lane('1', '2', 'north'),
      lane('1', null, 'north'),
      lane('1', '1', 'south'),
    ];
    expect(new Set(lanes).size).toBe(5);
    expect(lane('1', '1', 'north')).toBe(lanes[0]);
    // Words that run into each other are still two.
    expect(lane('b identifier urn:x|c', null, 'north')).not.toBe(lane('b', 'c', 'north'));
    expect(lane('b identifier urn:x|d ', null, 'north')).not.toBe(lane('b', 'd ', 'north'));
  });

  const key = fc
    .string({ unit: fc.constantFrom('a', 'b', '1', '0', '-', '.'), minLength: 1, maxLength: 3 })
    .filter((text) => /^[a-z0-9]/.test(text));
  const items = fc.uniqueArray(key, { maxLength: 8 });
  const members = ['observations', 'problems', 'orders', 'tasks', 'procedures'] as const;
  const anyContent = fc
    .record(Object.fromEntries(members.map((member) => [member, items])) as Record<(typeof members)[number], typeof items>)
    .filter((one) => Object.values(one).some((list) => list.length > 0));

  it('A3 gives keyed items the same slots and ids in any order of items and members', () => {
    fc.assert(
      fc.property(anyContent, fc.nat(7), (keys, turn) => {
        const build = (shuffle: boolean): unknown => {
          const lists = members.flatMap((member) => {
            const list = keys[member].map((one) => ({
              key: one,
              code: { text: 'x' },
              ...(member === 'tasks' ? { description: 'x' } : {}),
            }));
            const moved = shuffle ? [...list.slice(turn), ...list.slice(0, turn)].reverse() : list;
            return list.length === 0 ? [] : [[member, moved] as const];
          });
          return Object.fromEntries(shuffle ? lists.reverse() : lists);
        };
        const names = (content: unknown): string[] =>
          planned(content)
            .writes.map(({ id, slot }) => `${slot} ${id}`)
            .toSorted();
        const straight = names(build(false));
        expect(new Set(straight.map((one) => one.split(' ')[0])).size).toBe(straight.length);
        expect(new Set(straight.map((one) => one.split(' ')[1])).size).toBe(straight.length);
        expect(names(build(true))).toEqual(straight);
      }),
      { numRuns: 60 },
    );
  });
});

describe('subjectKey', () => {
  it.each([
    [{ reference: 'Patient/7' }, 'reference Patient/7'],
    [{ identifiers: [{ system: 'urn:a', value: '1' }] }, 'identifier urn:a|1'],
    [
      {
        identifiers: [
          { system: 'urn:a', value: '1' },
          { system: 'urn:b', value: '2' },
        ],
      },
      'identifier urn:a|1',
    ],
    [{ reference: 'Patient/7', identifiers: [{ system: 'urn:a', value: '1' }] }, 'identifier urn:a|1'],
    [{}, 'reference '],
  ])('C1 of %j is %j', (subject, expected) => {
    expect(subjectKey(subject)).toBe(expected);
  });

  it('C1 is another for another patient: nothing in an identifier the format takes makes two alike', () => {
    const system = fc.string({ unit: fc.constantFrom('a', ':', '/', '%'), minLength: 1, maxLength: 4 });
    const value = fc.string({ unit: fc.constantFrom('a', '|', ' ', ':', '%'), minLength: 1, maxLength: 4 });
    const identifier = fc.record({ system, value });
    fc.assert(
      fc.property(identifier, identifier, (one, other) => {
        const same = one.system === other.system && one.value === other.value;
        expect(subjectKey({ identifiers: [one] }) === subjectKey({ identifiers: [other] })).toBe(same);
      }),
      { numRuns: 500 },
    );
  });

  it('A3 knows a connection by its name alone', () => {
    expect(slotKey(connection().name, 'note/0')).toBe('north note/0');
  });
});
