import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readable } from './readable.ts';

const base64 = (text: string): string => Buffer.from(text, 'utf8').toString('base64');
const fieldsOf = (json: string, type?: string): Record<string, string> =>
  Object.fromEntries(readable(json, type).fields.map(({ label, value }) => [label, value]));
const about = (type: string, members: string): string => `{"resourceType":"${type}",${members}}`;

describe('a resource as a clinician reads it', () => {
  it('C4 a note: title, type with its words, and the text of its attachment in full', () => {
    const text = 'Subjective\n\nCough, 3 days.\u202e\u0000';
    const note = readable(
      about(
        'DocumentReference',
        `"status":"current","type":{"coding":[{"system":"http://loinc.org","code":"11506-3","display":"Progress note"}]},"subject":{"reference":"Patient/p1"},"content":[{"attachment":{"contentType":"text/plain; charset=utf-8","data":"${base64(text)}","title":"Visit"}}]`,
      ),
    );
    expect(note).toMatchObject({ title: 'Document: Progress note', problem: null });
    expect(note.texts).toEqual([{ label: 'Visit', text, path: 'DocumentReference.content[0].attachment.data' }]);
    expect(note.fields).toEqual([
      { label: 'Status', value: 'current', path: 'DocumentReference.status', part: 'clinical' },
      { label: 'Type', value: 'Progress note (LOINC 11506-3)', path: 'DocumentReference.type', part: 'clinical' },
      { label: 'Patient', value: 'Patient/p1', path: 'DocumentReference.subject', part: 'context' },
      { label: 'Title', value: 'Visit', path: 'DocumentReference.content[0].attachment.title', part: 'clinical' },
      {
        label: 'Document › Format',
        value: 'text/plain; charset=utf-8',
        path: 'DocumentReference.content[0].attachment.contentType',
        part: 'record',
      },
    ]);
  });

  it.each([
    [
      'a quantity keeps its digits',
      '"valueQuantity":{"value":36.60,"unit":"Cel","system":"http://unitsofmeasure.org","code":"Cel"}',
      'Value',
      '36.60 Cel',
    ],
    [
      'a unit in words is shown with its code',
      '"valueQuantity":{"value":1e2,"unit":"beats","system":"http://unitsofmeasure.org","code":"/min"}',
      'Value',
      '1e2 beats (UCUM /min)',
    ],
    ['a comparator changes the meaning', '"valueQuantity":{"comparator":"<","value":0.010,"unit":"g"}', 'Value', '< 0.010 g'],
    [
      'a value with one extension more',
      '"valueQuantity":{"value":1,"unit":"g","extension":[{"url":"u","valueString":"x"}]}',
      'Value › Observation.valueQuantity.extension[0] › Value',
      'x',
    ],
    ['yes or no', '"valueBoolean":false', 'Value', 'no'],
    ['a moment', '"effectiveDateTime":"2026-03-02T09:02:00.50+01:00"', 'When', '2026-03-02 09:02:00.50 UTC+01:00'],
    ['a day stays a day', '"effectiveDateTime":"2026-03"', 'When', '2026-03'],
    ['a text that looks like a moment is not one', '"valueString":"2026-03-02T09:02:00Z"', 'Value', '2026-03-02T09:02:00Z'],
    [
      'a period',
      '"effectivePeriod":{"start":"2026-03-02T09:00:00Z","end":"2026-03-03"}',
      'When',
      'from 2026-03-02 09:00:00 UTC until 2026-03-03',
    ],
    [
      'a code with its system',
      '"category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}]',
      'Category',
      'vital-signs (HL7 observation-category)',
    ],
    [
      'a code of a system nobody knows',
      '"code":{"coding":[{"system":"urn:x","version":"2","code":"7","userSelected":true}]}',
      'Code › Observation.code.coding[0].userSelected',
      'yes',
    ],
    [
      'a vital sign that came as a code alone',
      '"code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]}',
      'Code',
      'Heart rate (LOINC 8867-4)',
    ],
    [
      'a part of a measurement',
      '"component":[{"code":{"coding":[{"system":"http://loinc.org","code":"8480-6"}]},"valueQuantity":{"value":128,"unit":"mm[Hg]"}}]',
      'Systolic blood pressure (LOINC 8480-6) › Value',
      '128 mm[Hg]',
    ],
    ['an element without a label', '"bogus":{"deep":["a"]}', 'Observation.bogus › Observation.bogus.deep[0]', 'a'],
    [
      'a person by name and address',
      '"performer":[{"reference":"Practitioner/d1","display":"Dana Lee"}]',
      'Performed by',
      'Dana Lee (Practitioner/d1)',
    ],
    ['an empty list', '"note":[]', 'Remark', '(empty list)'],
    ['an empty object', '"note":[{}]', 'Remark', '(empty)'],
    ['a null', '"note":null', 'Remark', '(null)'],
  ])('C4 %s', (_what, members, label, value) => {
    expect(fieldsOf(about('Observation', members))).toMatchObject({ [label]: value });
  });

  it.each([
    ['Observation', '"code":{"text":"Weight"},"valueQuantity":{"value":70.0,"unit":"kg"}', 'Observation: Weight 70.0 kg'],
    ['Condition', '"code":{"coding":[{"system":"http://snomed.info/sct","code":"1","display":"Flu"}]}', 'Problem: Flu'],
    ['MedicationStatement', '"medicationCodeableConcept":{"text":"Metformin"}', 'Medication: Metformin'],
    ['DocumentReference', '"content":[{"attachment":{"title":"Scan"}}]', 'Document: Scan'],
    ['Consent', '"status":"active"', 'Consent'],
    ['constructor', '"status":"active"', 'constructor'],
  ])('C4 the title of a %s', (type, members, title) => {
    expect(readable(about(type, members)).title).toBe(title);
  });

  it('C4 narratives: our own character for character, a stranger with his markup beside it', () => {
    const own = '<div xmlns=\\"http://www.w3.org/1999/xhtml\\"><pre>Rest &lt; 3 days &amp; drink.&#13;</pre></div>';
    const section = (div: string): string =>
      about('Composition', `"section":[{"title":"Plan","text":{"status":"additional","div":"${div}"}}]`);
    expect(readable(section(own)).texts).toEqual([
      { label: 'Plan', text: 'Rest < 3 days & drink.\r', path: 'Composition.section[0].text.div' },
    ]);
    expect(readable(section('<div><p>A</p><p>B<br/>C</p></div>')).texts).toMatchObject([{ text: 'A\n\nB\nC' }]);
    expect(readable(section('<div><p style=\\"display:none\\">not</p>pregnant<!-- x --></div>')).texts).toEqual([
      expect.objectContaining({ text: 'not\npregnant' }),
      expect.objectContaining({
        label: 'Plan › The same as it is marked up',
        text: '<div><p style="display:none">not</p>pregnant<!-- x --></div>',
      }),
    ]);
    expect(readable(section('<div>a < b &bogus; &#0;</div>')).texts[0]?.text).toBe('a < b &bogus; &#0;');
  });

  it.each([
    ['what is not text', 'application/pdf', base64('%PDF-'), '5 bytes of application/pdf, not text'],
    [
      'another character set',
      'text/plain; charset=iso-8859-1',
      base64('x'),
      '1 bytes of text/plain; charset=iso-8859-1, not shown as text',
    ],
    ['bytes that are not UTF-8', 'text/plain', '/w==', '1 bytes of text/plain, not valid UTF-8'],
    ['data that is not base64', 'text/plain', '%%', 'not valid base64: %%'],
  ])('C4 an attachment with %s is named with its size', (_what, contentType, data, words) => {
    const read = readable(
      about('DocumentReference', `"content":[{"attachment":{"contentType":"${contentType}","data":"${data}"}}]`),
    );
    expect(read.texts).toEqual([]);
    expect(read.fields).toContainEqual(
      expect.objectContaining({ path: 'DocumentReference.content[0].attachment.data', value: words }),
    );
  });

  it('C4 a JSON Patch: what is done, to what, and what stands there then', () => {
    const patch = readable(
      '[{"op":"test","path":"/active","value":true},{"op":"replace","path":"/telecom/0","value":{"system":"phone","value":"555-0199","use":"mobile"}},{"op":"remove","path":"/name/1"},{"op":"move","from":"/a","path":"/b"},{"op":"erase","path":"/c"}]',
      'Patient',
    );
    expect(patch.title).toBe('Changes to: Patient details');
    expect(patch.fields.map(({ label, value, path }) => [label, value, path])).toEqual([
      ['Only if it is › Patient.active', 'yes', 'Patient.active'],
      ['Replace › Contact', 'phone 555-0199 (mobile)', 'Patient.telecom[0]'],
      ['Remove › Name', '/name/1', 'Patient.name[1]'],
      ['Move › Patient.b', '/b', 'Patient.b'],
      ['Move › [3].from', '/a', '[3].from'],
      ['Change › [4] › [4].op', 'erase', '[4].op'],
      ['Change › [4] › [4].path', '/c', '[4].path'],
    ]);
  });

  it.each([
    ['no JSON', '<div>', 'line 1, column 1'],
    ['a duplicate key', '{"a":1,"a":2}', 'line 1'],
    ['a single value', '"text"', 'neither'],
  ])('C4 %s is said to be unreadable', (_what, json, words) => {
    const read = readable(json);
    expect(read.problem).toContain(words);
    expect(read.fields).toEqual([]);
  });

  it('C4 nothing of a resource is left out, whatever its shape', () => {
    const name = fc.constantFrom(
      'code',
      'text',
      'coding',
      'value',
      'valueQuantity',
      'reference',
      'display',
      'system',
      'identifier',
      'name',
      'family',
      'given',
      'line',
      'address',
      'telecom',
      'use',
      'unit',
      'start',
      'end',
      'component',
      'item',
      'section',
      'title',
      'repeat',
      'period',
      'meta',
      'contentString',
      'dosage',
      'zz',
    );
    const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 5 },
        fc.integer({ min: 100, max: 999 }),
        fc.string({ minLength: 1, unit: fc.constantFrom('a', 'b', '\u202e', '<', '7') }),
        fc.array(tie('tree'), { maxLength: 3 }),
        fc.dictionary(name, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    const leaves = (value: unknown): string[] =>
      typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [String(value)];
    fc.assert(
      fc.property(fc.dictionary(name, tree, { maxKeys: 5 }), (resource) => {
        const read = readable(JSON.stringify({ resourceType: 'Basic', ...resource }));
        const shown = [...read.fields.flatMap(({ label, value }) => [label, value]), ...read.texts.map(({ text }) => text)].join(
          '\n',
        );
        for (const leaf of leaves(resource)) expect(shown).toContain(leaf);
      }),
    );
  });
});
