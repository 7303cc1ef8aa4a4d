import { describe, expect, it } from 'vitest';
import { Decimal, parseExact, stringifyExact, type ExactValue } from '../fhir/index.ts';
import { limits } from '../limits/index.ts';
import { content, date } from './content.ts';
import { withValue, type Path } from './testing/paths.ts';
import { contentExamples } from './testing/records.ts';

const exact = (text: string): ExactValue => {
  const parsed = parseExact(text, limits.jsonDepthMax);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  return parsed.value;
};
function issues(value: unknown): string[] {
  const { error } = content.safeParse(exact(JSON.stringify(value)));
  return (error?.issues ?? []).map((issue) => `${issue.path.join('.')}: ${issue.message}`);
}
const steps = (path: string): Path => path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));

describe('content', () => {
  const day = 'is not a day of the calendar';
  const moment = 'is not a date or a date and time with zone, like 2026-03-02T09:14:00Z';
  const oneOf = (...names: readonly string[]): string =>
    `Invalid option: expected one of ${names.map((name) => `"${name}"`).join('|')}`;
  const severalValues = 'carries more than one value';
  const priorities = oneOf('routine', 'urgent', 'asap', 'stat');
  const few = 'Too small: expected array to have >=1 items';

  // Which example, the place in it, another value -> what is said about that place.
  const table: readonly (readonly [member: keyof typeof contentExamples, path: string, value: unknown, said: string | null])[] = [
    // What any item may carry.
    ['note', 'key', 'has space', 'must be 1 to 64 letters, digits, dots, colons, dashes'],
    ['note', 'key', 'a:b.c_d-e', null],
    ['note', 'class', 'guess', oneOf('fact', 'intention', 'ambiguity', 'suggestion')],
    ['note', 'evidence', [], null],
    ['note', 'evidence.0', 's\n1', 'must not hold control characters'],
    // Concepts and quantities.
    ['note', 'type', {}, 'needs a code or a text'],
    ['note', 'type', { system: 'http://loinc.org' }, 'needs a code or a text'],
    ['note', 'type', { display: 'Progress note' }, null],
    ['note', 'type', { text: 'Progress note' }, null],
    ['note', 'type', { code: '11506-3' }, null],
    ['note', 'type', 11506, 'Invalid input: expected object, received number'],
    ['note', 'type.code', 'x'.repeat(257), 'Too big: expected string to have <=256 characters'],
    // Narrative.
    ['note', 'at', '2026-13-01', moment],
    ['note', 'at', '2026-02-30', day],
    ['note', 'at', '2026-03-02T09:02:00', moment],
    ['note', 'at', '2026', null],
    ['note', 'text', ' \t\n\u00a0', 'must not be empty'],
    ['note', 'sections', [], few],
    ['note', 'sections', undefined, null],
    ['note', 'text', undefined, null],
    ['note', '', { title: 'Progress note' }, 'needs sections or text'],
    ['addendum', '', { amends: { event: 'e' } }, 'needs sections or text'],
    ['addendum', 'amends', {}, 'needs exactly one of event, identifier, reference'],
    ['addendum', 'amends', { event: 'e', reference: 'DocumentReference/1' }, 'needs exactly one of event, identifier, reference'],
    ['addendum', 'amends', undefined, 'Invalid input: expected object, received undefined'],
    ['patientInstructions', '', { title: 'Rest' }, 'needs sections or text'],
    ['intakeSummary', '', { title: 'Intake' }, 'needs sections or text'],
    // Observations.
    ['observations', '', [], few],
    ['observations', '0.value', 'high', 'is not a number'],
    ['observations', '0.value', '01', 'is not a number'],
    ['observations', '0.value', '1.', 'is not a number'],
    ['observations', '0.value', '.5', 'is not a number'],
    ['observations', '0.value', '+1', 'is not a number'],
    ['observations', '0.value', '1,5', 'is not a number'],
    ['observations', '0.value', ' 1', 'is not a number'],
    ['observations', '0.value', '1\n', 'is not a number'],
    ['observations', '0.value', 'NaN', 'is not a number'],
    ['observations', '0.value', 'Infinity', 'is not a number'],
    ['observations', '0.value', '0x10', 'is not a number'],
    ['observations', '0.value', '-0.010e+400', null],
    ['observations', '0.value', 128.5, null],
    ['observations', '0.unit', '', 'must not be empty'],
    ['observations', '0.valueText', 'high', severalValues],
    ['observations', '0.dataAbsentReason', { text: 'refused' }, severalValues],
    ['observations', '1.valueBoolean', true, severalValues],
    ['observations', '1.unit', 'mg', 'has a unit and no value'],
    ['observations', '2.unit', 'mg', 'has a unit and no value'],
    ['observations', '0.components', [], few],
    ['observations', '0.components.1.valueText', 'x', severalValues],
    ['observations', '0.components.2.unit', 'mg', 'has a unit and no value'],
    ['observations', '0.status', 'entered-in-error', oneOf('preliminary', 'final', 'amended', 'corrected')],
    [
      'observations',
      '0.category',
      'vitals',
      oneOf('vital-signs', 'laboratory', 'social-history', 'survey', 'exam', 'imaging', 'procedure', 'therapy', 'activity'),
    ],
    ['observations', '1.effectiveAt', '2026-03-02', 'carries both effectiveAt and effectivePeriod'],
    ['observations', '1.effectivePeriod.start', '2026-04-31', day],
    ['observations', '1.effectivePeriod', {}, null],
    ['observations', '0.code', undefined, 'Invalid input: expected object, received undefined'],
    // Problems and allergies.
    ['problems', '0.clinicalStatus', 'cured', oneOf('active', 'recurrence', 'relapse', 'inactive', 'remission', 'resolved')],
    ['problems', '0.verificationStatus', 'sure', oneOf('unconfirmed', 'provisional', 'differential', 'confirmed', 'refuted')],
    ['problems', '0.category', 'x', oneOf('problem-list-item', 'encounter-diagnosis')],
    ['problems', '0.onsetAt', 'childhood', moment],
    ['allergies', '0.substance', undefined, 'Invalid input: expected object, received undefined'],
    ['allergies', '0.clinicalStatus', 'recurrence', oneOf('active', 'inactive', 'resolved')],
    ['allergies', '0.verificationStatus', 'provisional', oneOf('unconfirmed', 'confirmed', 'refuted')],
    ['allergies', '0.type', 'dislike', oneOf('allergy', 'intolerance')],
    ['allergies', '0.categories.1', 'pollen', oneOf('food', 'medication', 'environment', 'biologic')],
    ['allergies', '0.criticality', 'medium', oneOf('low', 'high', 'unable-to-assess')],
    ['allergies', '0.reactions.0.manifestations', [], few],
    ['allergies', '0.reactions.0.severity', 'fatal', oneOf('mild', 'moderate', 'severe')],
    // Medications and orders.
    ['medications', '0.record', 'order', oneOf('statement', 'request')],
    ['medications', '0.change', 'pause', oneOf('start', 'continue', 'change', 'stop')],
    ['medications', '0.status', 'unknown', oneOf('active', 'completed', 'intended', 'stopped', 'on-hold', 'not-taken')],
    ['medications', '0.dosage.frequency', 1.5, 'must be a whole number'],
    ['medications', '0.dosage.frequency', -1, 'must be a whole number'],
    ['medications', '0.dosage.frequency', '1', 'must be a number'],
    ['medications', '0.dosage.periodUnit', 'day', oneOf('s', 'min', 'h', 'd', 'wk', 'mo', 'a')],
    ['medications', '0.dosage.dose.value', 'one', 'is not a number'],
    ['medications', '0.dosage.dose.unit', undefined, 'Invalid input: expected string, received undefined'],
    ['orders', '0.priority', 'soon', priorities],
    ['orders', '0.occurrenceAt', 'tomorrow', moment],
    ['procedures', '0.status', 'done', oneOf('preparation', 'in-progress', 'not-done', 'on-hold', 'stopped', 'completed')],
    // Plans, tasks, messages.
    ['carePlans', '0.status', 'done', oneOf('draft', 'active', 'on-hold', 'revoked', 'completed')],
    [
      'carePlans',
      '0.activities.0.status',
      'done',
      oneOf('not-started', 'scheduled', 'in-progress', 'on-hold', 'completed', 'cancelled'),
    ],
    ['carePlans', '0.activities.0.description', undefined, 'Invalid input: expected string, received undefined'],
    ['tasks', '0.priority', 'soon', priorities],
    ['tasks', '0.dueAt', '2026-02-29', day],
    ['messages', '0.to', 'everyone', oneOf('patient', 'team')],
    ['messages', '0.priority', 'soon', priorities],
    // Forms and consent.
    ['questionnaireResponses', '0.status', 'done', oneOf('in-progress', 'completed', 'amended')],
    ['questionnaireResponses', '0.items', [], few],
    ['questionnaireResponses', '0.items.0.answers.0', {}, 'needs exactly one value'],
    ['questionnaireResponses', '0.items.0.answers.0', { text: 'no', boolean: false }, 'needs exactly one value'],
    ['questionnaireResponses', '0.items.0.answers.0', 7, 'Invalid input: expected object, received number'],
    ['questionnaireResponses', '0.items.0.answers.3.date', '2026-03-01T10:00:00Z', 'is not a date like 2026-03-02'],
    ['questionnaireResponses', '0.items.0.items.0.items.0.linkId', '', 'must not be empty'],
    ['consents', '0.scope', 'all', oneOf('patient-privacy', 'treatment', 'research', 'adr')],
    ['consents', '0.status', 'given', oneOf('draft', 'proposed', 'active', 'rejected', 'inactive')],
    ['consents', '0.decision', 'yes', oneOf('permit', 'deny')],
    ['consents', '0.policy', undefined, 'Invalid input: expected string, received undefined'],
    // Demographics, visit, attachments, cues.
    ['demographics', '', { key: 'k1' }, 'names nothing to change'],
    ['demographics', '', { key: 'k1', preferredLanguage: 'de' }, null],
    ['demographics', 'telecom', [], few],
    ['demographics', 'telecom.0.system', 'carrier pigeon', oneOf('phone', 'fax', 'email', 'pager', 'url', 'sms', 'other')],
    ['demographics', 'telecom.0.use', 'billing', oneOf('home', 'work', 'temp', 'old', 'mobile')],
    ['demographics', 'address', [], few],
    ['demographics', 'address.0.use', 'mobile', oneOf('home', 'work', 'temp', 'old', 'billing')],
    [
      'encounterStatus',
      'status',
      'over',
      oneOf('planned', 'arrived', 'triaged', 'in-progress', 'onleave', 'finished', 'cancelled'),
    ],
    ['documents', '0.contentType', 'pdf', 'is not a media type like application/pdf'],
    ['documents', '0.contentType', 'text/html; charset=utf-8; x=1', 'is not a media type like application/pdf'],
    ['documents', '0.contentType', 'text/plain\r\nX: 1', 'is not a media type like application/pdf'],
    ['documents', '0.contentType', 'Text/Plain; charset=UTF-8', null],
    ['documents', '0.data', '', 'must not be empty'],
    ['documents', '0.data', 'QQ', 'is not whole base64'],
    ['documents', '0.data', 'QQ=', 'is not whole base64'],
    ['documents', '0.data', 'QQ==', null],
    ['documents', '0.data', 'QUI=', null],
    ['documents', '0.data', 'QUJD', null],
    ['documents', '0.data', 'Q===', 'is not base64'],
    ['documents', '0.data', 'Q=QQ', 'is not base64'],
    ['documents', '0.data', 'QQ_-', 'is not base64'],
    ['documents', '0.data', 'QUJD\n', 'is not base64'],
    ['codingCues', '0.code', undefined, 'Invalid input: expected object, received undefined'],
  ];
  it.each(table)('A2 %s: %s = %j -> %s', (member, path, value, said) => {
    const place = path === '' ? [member] : [member, ...steps(path)];
    const [example] = contentExamples[member];
    const found = issues(withValue({ [member]: example }, place, value));
    if (said === null) expect(found).toEqual([]);
    else {
      const at = said.startsWith('carries') || said.startsWith('has a unit') ? place.slice(0, -1) : place;
      expect(found).toContain(`${at.join('.')}: ${said}`);
    }
  });

  it('A2 takes every example', () => {
    for (const [member, examples] of Object.entries(contentExamples)) {
      for (const example of examples) expect(issues({ [member]: example })).toEqual([]);
    }
    expect(issues({})).toEqual([': has no members']);
  });

  it('A2 takes no empty list in place of content', () => {
    const lists = Object.entries(contentExamples).filter(([, [example]]) => Array.isArray(example));
    expect(lists).toHaveLength(13);
    for (const [member] of lists) expect(issues({ [member]: [] })).toEqual([`${member}: ${few}`]);
  });

  it('A2 knows the calendar: every day of it, and no other', () => {
    const two = (value: number): string => String(value).padStart(2, '0');
    for (const year of [1, 4, 100, 1600, 1900, 1999, 2000, 2023, 2024, 2100, 9999]) {
      for (let month = 0; month <= 13; month += 1) {
        for (let day = 0; day <= 32; day += 1) {
          const text = `${String(year).padStart(4, '0')}-${two(month)}-${two(day)}`;
          // The days of Date, which moves what does not exist to the next day that does.
          const moved = new Date(`${text.slice(0, 4)}-01-01T00:00:00Z`);
          moved.setUTCMonth(month - 1, day);
          const exists = moved.toISOString().startsWith(text);
          expect(date.safeParse(text).success, text).toBe(exists);
        }
      }
    }
  });

  it('A2 keeps the characters of every number, written as number or as text', () => {
    for (const written of [
      '1.00',
      '0.010',
      '-0',
      '1e400',
      '1E-7',
      '12345678901234567890',
      '0.1000000000000000055511151231257827',
    ]) {
      for (const text of [written, `"${written}"`]) {
        const read = content.parse(exact(`{"observations":[{"code":{"text":"x"},"value":${text}}]}`));
        const value = read.observations?.[0]?.value;
        expect(value?.text).toBe(written);
        expect(stringifyExact(value ?? null)).toBe(written);
      }
    }
    expect(
      content.parse(exact('{"medications":[{"medication":{"text":"x"},"dosage":{"frequency":3}}]}')).medications?.[0]?.dosage
        ?.frequency,
    ).toBe(3);
    expect(Decimal.parse('')).toBeUndefined();
  });

  it('A5 takes attachments up to the size of a record without running out of stack', () => {
    const data = 'QUJD'.repeat(5 * 1024 * 1024 - 1);
    const attached = (text: string): unknown => ({ documents: [{ title: 'scan', contentType: 'application/pdf', data: text }] });
    expect(content.safeParse(attached(data)).success).toBe(true);
    expect(content.safeParse(attached(`${data}Q`)).success).toBe(false);
  });
});
