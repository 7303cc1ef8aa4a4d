import { describe, expect, it } from 'vitest';
import { Decimal, parseExact } from '../fhir/index.ts';
import { limits } from '../limits/index.ts';
import { businessEvent, businessEventJsonSchema, isReport, origins, reportTypes } from './business-event.ts';
import { event, read, record } from './testing/builders.ts';
import { placesNamedBy, placesOf, spell, withValue, type Path } from './testing/paths.ts';
import { contentExamples, describedContentSha256, describedRecord, fullEvent } from './testing/records.ts';

/** What the schema says about a record, one line per issue: `place: words`, unknown members as `place: unknown`. */
function issues(value: unknown): string[] {
  const parsed = parseExact(JSON.stringify(value), limits.jsonDepthMax);
  if (!parsed.ok) throw new Error(parsed.fault.message);
  const { error } = businessEvent.safeParse(parsed.value);
  return (error?.issues ?? []).flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => `${[...issue.path, key].join('.')}: unknown`)
      : [`${issue.path.join('.')}: ${issue.message}`],
  );
}
const minimal = JSON.parse(record()) as Readonly<Record<string, unknown>>;
const report = { ...minimal, type: 'encounter.opened', content: undefined };

/** Every record with an example of content, the full event first. */
const examples: readonly (readonly [what: string, value: unknown])[] = [
  ['the event', fullEvent],
  ...Object.entries(contentExamples).flatMap(([member, values]) =>
    values.map((value: unknown) => [`content.${member}`, { ...minimal, content: { [member]: value } }] as const),
  ),
];

describe('the event format', () => {
  it('A1 takes in the event by which the format is described, its hash being that of the characters of its content', () => {
    const { event: described, contentSha256 } = read(describedRecord);
    expect(contentSha256).toBe(describedContentSha256);
    expect(described.approval?.contentSha256).toBe(contentSha256);
    expect(described.content?.observations?.[0]?.value).toEqual(Decimal.of('128'));
    expect(described.provenance?.attestation).toBeNull();
    expect(isReport(described)).toBe(false);
  });

  it.each(examples)('A2 takes in %s with everything it may carry', (_what, value) => {
    expect(issues(value)).toEqual([]);
  });

  it('A2 has an example for every field that the published schema names', () => {
    const shown = new Set(examples.flatMap(([, value]) => [...placesOf(value)].map(([path]) => spell(path))));
    expect([...placesNamedBy(businessEventJsonSchema())].filter((place) => !shown.has(place))).toEqual([]);
  });

  it.each(['specVersion', 'id', 'type', 'tenant', 'source', 'occurredAt', 'subject', 'content'])('A1 requires %s', (name) => {
    expect(issues({ ...minimal, [name]: undefined }).some((issue) => issue.startsWith(`${name}: `))).toBe(true);
  });

  it.each(Object.keys(fullEvent).filter((name) => !(name in minimal)))('A1 does without %s', (name) => {
    expect(issues({ ...fullEvent, [name]: undefined })).toEqual([]);
  });

  it.each(reportTypes)('A1 counts %s by its subject alone, and takes no content with it', (type) => {
    expect(issues({ ...report, type })).toEqual([]);
    expect(isReport(event({ type, content: undefined }))).toBe(true);
    expect(issues({ ...minimal, type })).toEqual(['content: must be left out for this type of event']);
  });

  it('A1 asks for content with everything that is no report', () => {
    expect(issues({ ...minimal, content: undefined })).toEqual(['content: is required for this type of event']);
    expect(issues({ ...minimal, content: {} })).toEqual(['content: has no members']);
  });
});

describe('unknown fields', () => {
  // Each kind of place once: that the first item of a list refuses them says the same of the second.
  const objects = new Map<string, readonly [what: string, value: unknown, path: Path]>();
  for (const [what, value] of examples) {
    for (const [path, member] of placesOf(value)) {
      if (member !== null && typeof member === 'object' && !Array.isArray(member))
        objects.set(`${what} ${spell(path)}`, [what, value, path]);
    }
  }
  it.each([...objects])('A1 are refused by name in %s', (_place, [, value, path]) => {
    const added = withValue(value, [...path, 'surprise'], 1);
    expect(issues(added)).toContain(`${[...path, 'surprise'].join('.')}: unknown`);
  });
});

describe('fields of the wrong kind', () => {
  const places = new Map<string, readonly [value: unknown, path: Path, member: unknown]>();
  for (const [, value] of examples) {
    for (const [path, member] of placesOf(value)) if (path.length > 0) places.set(spell(path), [value, path, member]);
  }
  const optionalNulls = new Set(['approval', 'provenance.attestation', 'consent.expiresAt']);

  it.each([...places])('A1 are refused at their place: %s', (place, [value, path, member]) => {
    const wrong: unknown[] = [typeof member === 'boolean' ? 'true' : true, Array.isArray(member) ? {} : []];
    if (typeof member === 'string') wrong.push('', { text: member });
    // A number has members of its own where it is read, and must still not pass for an object.
    if (member !== null && typeof member === 'object') wrong.push(7);
    if (!optionalNulls.has(place)) wrong.push(null);
    for (const replacement of wrong) {
      const said = issues(withValue(value, path, replacement)).map((issue) => issue.slice(0, issue.indexOf(': ')));
      // What a whole object lacks is told at the object, or at what it lacks.
      expect(
        said.some((at) => at === path.join('.') || at.startsWith(`${path.join('.')}.`)),
        JSON.stringify(replacement),
      ).toBe(true);
    }
  });
});

describe('wrong values', () => {
  const day = 'is not a day of the calendar';
  const moment = 'is not a date and time with zone, like 2026-03-02T09:14:00Z';
  const named = 'must be 1 to 64 letters, digits, dots, colons, dashes';
  const controls = 'must not hold control characters';
  const table: readonly (readonly [path: string, value: unknown, expected: readonly string[]])[] = [
    ['specVersion', '1.1', ['specVersion: Invalid input: expected "1.0"']],
    ['id', 'x'.repeat(257), ['id: Too big: expected string to have <=256 characters']],
    ['id', 'x'.repeat(256), []],
    ['id', 'e-1\nContent-Length: 0', [`id: ${controls}`]],
    ['id', 'nul\u0000', [`id: ${controls}`]],
    ['id', 'c1\u0085', [`id: ${controls}`]],
    ['id', '../../etc/passwd?x=1#y%2f', []],
    ['correlationId', 'a\tb', [`correlationId: ${controls}`]],
    ['version', 0, ['version: starts at 1']],
    ['version', -1, ['version: must be a whole number']],
    ['version', 1.5, ['version: must be a whole number']],
    ['version', 1e21, ['version: must be a whole number']],
    ['version', '1', ['version: must be a number']],
    ['version', 999_999_999_999_999, []],
    ['type', 'note.approved', []],
    ['type', 'care-plan2.proposed', []],
    ['type', 'note.rejected', ['type: is not a type like note.approved, nor a known report']],
    ['type', 'Note.approved', ['type: is not a type like note.approved, nor a known report']],
    ['type', 'encounter.closed ', ['type: is not a type like note.approved, nor a known report']],
    ['tenant', '', [`tenant: ${named}`]],
    ['tenant', '.hidden', [`tenant: ${named}`]],
    ['tenant', '@workspace', [`tenant: ${named}`]],
    ['tenant', 'a/b', [`tenant: ${named}`]],
    ['tenant', 'a\n', [`tenant: ${named}`]],
    ['tenant', 'x'.repeat(65), [`tenant: ${named}`]],
    ['source', 'with space', [`source: ${named}`]],
    ['origin', 'robot', ['origin: Invalid option: expected one of "ai"|"clinician"|"patient"|"device"']],
    // Dates that do not exist, and times without a place on the globe (bad inputs, number 10).
    ['occurredAt', '2026-02-30T09:00:00Z', [`occurredAt: ${day}`]],
    ['occurredAt', '2025-02-29T09:00:00Z', [`occurredAt: ${day}`]],
    ['occurredAt', '2024-02-29T09:00:00Z', []],
    ['occurredAt', '1900-02-29T09:00:00Z', [`occurredAt: ${day}`]],
    ['occurredAt', '2000-02-29T09:00:00Z', []],
    ['occurredAt', '2026-04-31T09:00:00Z', [`occurredAt: ${day}`]],
    ['occurredAt', '0000-01-01T00:00:00Z', [`occurredAt: ${day}`]],
    ['occurredAt', '0000-00-00T00:00:00Z', [`occurredAt: ${moment}`, `occurredAt: ${day}`]],
    ['occurredAt', '275760-09-13T00:00:00Z', [`occurredAt: ${moment}`]],
    ['occurredAt', '2026-03-02T24:00:00Z', [`occurredAt: ${moment}`]],
    ['occurredAt', '2026-03-02T09:14:00', [`occurredAt: ${moment}`]],
    ['occurredAt', '2026-03-02', [`occurredAt: ${moment}`]],
    ['occurredAt', '2026-03-02 09:14:00Z', [`occurredAt: ${moment}`]],
    ['occurredAt', '2026-03-02t09:14:00z', [`occurredAt: ${moment}`]],
    ['occurredAt', '2026-03-02T09:14:00+14:01', [`occurredAt: ${moment}`]],
    ['occurredAt', '2026-03-02T09:14:00+14:00', []],
    ['occurredAt', '2026-03-02T09:14:00-13:59', []],
    ['occurredAt', '2026-03-02T09:14Z', []],
    ['occurredAt', '2016-12-31T23:59:60Z', []],
    ['occurredAt', '2026-03-02T09:14:61Z', [`occurredAt: ${moment}`]],
    ['occurredAt', '2026-03-02T09:14:00.Z', [`occurredAt: ${moment}`]],
    ['subject.patient.birthDate', '1967-02-30', [`subject.patient.birthDate: ${day}`]],
    ['subject.patient.birthDate', '1967', []],
    ['subject.patient.birthDate', '1967-02', []],
    ['subject.patient.birthDate', '67-02-11', ['subject.patient.birthDate: is not a date like 2026-03-02']],
    ['subject.patient.birthDate', '1967-02-11T00:00:00Z', ['subject.patient.birthDate: is not a date like 2026-03-02']],
    [
      'subject.patient.gender',
      'M',
      ['subject.patient.gender: Invalid option: expected one of "male"|"female"|"other"|"unknown"'],
    ],
    ['subject.patient.reference', 'Patient/../x', ['subject.patient.reference: is not a reference like Patient/123']],
    ['subject.patient.reference', 'Patient/..', ['subject.patient.reference: is not a reference like Patient/123']],
    ['subject.patient.reference', 'Patient/.', ['subject.patient.reference: is not a reference like Patient/123']],
    ['subject.patient.reference', 'Patient/...', []],
    ['subject.patient.reference', 'Patient/7?x', ['subject.patient.reference: is not a reference like Patient/123']],
    ['subject.patient.reference', 'https://ehr/Patient/7', ['subject.patient.reference: is not a reference like Patient/123']],
    [
      'subject.patient.reference',
      `Patient/${'x'.repeat(65)}`,
      ['subject.patient.reference: is not a reference like Patient/123'],
    ],
    ['subject.patient.identifiers', [], ['subject.patient.identifiers: Too small: expected array to have >=1 items']],
    ['subject.patient.identifiers.0.system', 'urn:a|b', ['subject.patient.identifiers.0.system: is not a URI']],
    ['subject.patient.identifiers.0.system', 'urn:a b', ['subject.patient.identifiers.0.system: is not a URI']],
    ['subject.patient.identifiers.0.value', 'a|b,c$d&e', []],
    ['subject.patient', { birthDate: '1967-02-11' }, ['subject.patient: needs identifiers or a reference']],
    ['subject.encounter', { status: 'planned' }, ['subject.encounter: needs identifiers or a reference']],
    ['subject.practitioner', { name: {} }, ['subject.practitioner: needs identifiers or a reference']],
    ['subject.organization', { name: 'North' }, ['subject.organization: needs identifiers or a reference']],
    ['targets', [], ['targets: Too small: expected array to have >=1 items']],
    ['approval', null, []],
    ['approval.status', 'maybe', ['approval.status: Invalid option: expected one of "approved"|"rejected"']],
    ['approval.contentSha256', 'A'.repeat(64), ['approval.contentSha256: is not 64 hexadecimal digits']],
    ['approval.contentSha256', 'a'.repeat(63), ['approval.contentSha256: is not 64 hexadecimal digits']],
    ['approval.by.id', 'Dana Lee', [`approval.by.id: ${named}`]],
    ['provenance.transcript.segments.0.start', 'PT', ['provenance.transcript.segments.0.start: is not a duration like PT4S']],
    ['provenance.transcript.segments.0.start', '4s', ['provenance.transcript.segments.0.start: is not a duration like PT4S']],
    ['provenance.transcript.segments.0.start', 'P1D', ['provenance.transcript.segments.0.start: is not a duration like PT4S']],
    ['provenance.transcript.segments.0.confidence', '0.9300', []],
    ['provenance.transcript.segments.0.confidence', 'high', ['provenance.transcript.segments.0.confidence: is not a number']],
    ['consent.expiresAt', null, []],
  ];
  it.each(table)('A1 %s = %j', (path, value, expected) => {
    const steps = path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    expect(issues(withValue(fullEvent, steps, value))).toEqual(expected);
  });

  it('A1 knows four origins', () => {
    for (const origin of origins) expect(issues({ ...minimal, origin })).toEqual([]);
  });

  it.each([[null], [[]], ['text'], [7], [true]])('A1 refuses a record that is %j', (value) => {
    expect(issues(value)).toHaveLength(1);
  });
});

describe('the published schema', () => {
  const schema = businessEventJsonSchema() as { required: string[]; $defs: Record<string, Record<string, unknown>> };

  it('A1 says what the sender may write: numbers as JSON numbers, decimals also as text', () => {
    expect(schema.$defs['Decimal']).toMatchObject({ anyOf: [{ type: 'number' }, { type: 'string' }] });
    expect(schema.$defs['Count']).toMatchObject({ type: 'integer', minimum: 0 });
    expect(schema.required.toSorted()).toEqual(['id', 'occurredAt', 'source', 'specVersion', 'subject', 'tenant', 'type']);
  });

  it('A1 forbids unknown members everywhere', () => {
    const open: string[] = [];
    const visit = (node: unknown, at: string): void => {
      if (node === null || typeof node !== 'object') return;
      // A condition describes no object of its own.
      if (at !== '/if' && 'properties' in node && (node as { additionalProperties?: unknown }).additionalProperties !== false)
        open.push(at);
      for (const [key, member] of Object.entries(node)) visit(member, `${at}/${key}`);
    };
    visit(schema, '');
    expect(open).toEqual([]);
  });
});
