import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChartResource, GatewayFacts } from '../../ports/outbound/index.ts';
import { writeIdentifierSystem } from '../../../src-shared/domain/index.ts';
import { parseExact, type ExactObject } from '../../../src-shared/fhir/index.ts';
import { requestSha256 } from '../kit/index.ts';
import { commandFor, factsWith, itemFrom, subjects } from '../testing/commands.ts';
import { sha256 } from '../testing/runtime.ts';
import { compareWithRequest, prepareMark, prepareRequest, writeIdIn } from './prepare.ts';

const put = { adapter: 'generic-r4/test', sha256, updateBy: 'put' } as const;
const patch = { ...put, updateBy: 'patch' } as const;

function preparedFor(json: string, facts: GatewayFacts = factsWith(), options: typeof put | typeof patch = put) {
  const prepared = prepareRequest(commandFor(itemFrom(json)), facts, options);
  if (prepared.outcome === 'refused') throw new Error(prepared.message);
  return prepared;
}

const OBSERVATION = '{"observations":[{"code":{"system":"http://loinc.org","code":"8867-4"},"value":"72.0","unit":"/min"}]}';

describe('creates', () => {
  it('C1 carry the write id as condition and identifier, and ask for the result', () => {
    const { request } = preparedFor(OBSERVATION);
    const { id } = commandFor(itemFrom(OBSERVATION)).identity;
    expect(request).toMatchObject({ method: 'POST', path: 'Observation', adapter: 'generic-r4/test', contract: 'default-1' });
    expect(request.headers).toEqual({
      accept: 'application/fhir+json',
      'content-type': 'application/fhir+json',
      'if-none-exist': `identifier=urn:countersign:write|${id}`,
      prefer: 'return=representation',
    });
    expect(writeIdIn(request)).toBe(id);
    expect(request.sha256).toBe(requestSha256(sha256, request));
  });

  it('G4 the same input gives the same bytes, in whatever order its members came', () => {
    const shuffled = '{"observations":[{"unit":"/min","value":"72.0","code":{"code":"8867-4","system":"http://loinc.org"}}]}';
    expect(preparedFor(shuffled).request).toEqual(preparedFor(OBSERVATION).request);
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        fc.pre(/\S/.test(text));
        const json = JSON.stringify({ note: { text } });
        expect(preparedFor(json).request).toEqual(preparedFor(json).request);
      }),
    );
  });

  it('G4 another word, patient or contract version is another request', () => {
    const hash = preparedFor('{"note":{"text":"a"}}').request.sha256;
    expect(preparedFor('{"note":{"text":"b"}}').request.sha256).not.toBe(hash);
    expect(
      preparedFor('{"note":{"text":"a"}}', factsWith({ patient: { reference: 'Patient/p2', versionId: '1' } })).request.sha256,
    ).not.toBe(hash);
  });

  it('C7 are compared with the chart member by member', () => {
    const { request, resource } = preparedFor(OBSERVATION);
    const base = 'https://ehr.test/r4/';
    const stored: ExactObject = { ...resource, id: '1', meta: { ...(resource?.meta as ExactObject), versionId: '1' } };
    expect(compareWithRequest(request, stored, base)).toMatchObject({ differences: [] });
    expect(compareWithRequest(request, stored, base).compared).toBeGreaterThan(10);
    expect(compareWithRequest(request, { ...stored, subject: { reference: 'Patient/p2' } }, base).differences).toMatchObject([
      { path: 'Observation.subject.reference', kind: 'changed', sent: 'Patient/p1', found: 'Patient/p2' },
    ]);
  });
});

describe('changes of a patient', () => {
  const read = parseExact(
    JSON.stringify({
      ...subjects[2],
      meta: {
        versionId: '3',
        lastUpdated: '2026-01-01T00:00:00Z',
        source: '#x',
        profile: ['p'],
        tag: [{ system: writeIdentifierSystem, code: 'earlier' }],
      },
      text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">Andrew Campbell, 555-0100</div>' },
      extension: [{ url: 'u', valueDecimal: 1.5 }],
      communication: [{ language: { coding: [{ system: 'urn:ietf:bcp:47', code: 'de' }] }, preferred: true }],
    }).replace('1.5', '1.50'),
    64,
  );
  if (!read.ok) throw new Error(read.fault.message);
  const current = read.value as ExactObject;
  const target: ChartResource = { reference: 'Patient/p1', versionId: '3', resource: current };
  const facts = factsWith({ target: { reference: 'Patient/p1', versionId: '3' } }, target);
  const CHANGE =
    '{"demographics":{"name":{"family":"Campbell-Lee"},"telecom":[{"system":"phone","value":"555-0199"}],"address":[{"lines":["1 Main St"],"city":"Town"}],"maritalStatus":{"text":"married"},"preferredLanguage":"fr"}}';
  const { id } = commandFor(itemFrom(CHANGE)).identity;

  it('D2 PUT the resource that was read, with the change, for exactly its version', () => {
    const { request, resource } = preparedFor(CHANGE, facts);
    expect(request).toMatchObject({
      method: 'PUT',
      path: 'Patient/p1',
      headers: { 'if-match': 'W/"3"', 'content-type': 'application/fhir+json' },
    });
    expect(request.body).toContain('"valueDecimal":1.50');
    expect(resource).toMatchObject({
      id: 'p1',
      birthDate: '1967-02-11',
      name: [
        { use: 'official', family: 'Campbell-Lee', given: ['Andrew'] },
        { use: 'maiden', family: 'Stone' },
      ],
      telecom: [{ system: 'phone', value: '555-0199' }],
      address: [{ line: ['1 Main St'], city: 'Town' }],
      communication: [{ language: { coding: [{ code: 'fr' }] }, preferred: true }, { language: { coding: [{ code: 'de' }] } }],
      meta: { profile: ['p'], tag: [{ code: 'earlier' }, { system: writeIdentifierSystem, code: id }] },
    });
    expect(resource).not.toHaveProperty('text');
    expect(resource).not.toHaveProperty('meta.versionId');
    expect(writeIdIn(request)).toBe(id);
  });

  it('D2 PATCH the same members, for exactly that version', () => {
    const { request, resource } = preparedFor(CHANGE, facts, patch);
    expect(request).toMatchObject({
      method: 'PATCH',
      headers: { 'if-match': 'W/"3"', 'content-type': 'application/json-patch+json' },
    });
    const operations = JSON.parse(request.body) as { op: string; path: string }[];
    expect(operations.map(({ op, path }) => `${op} ${path}`)).toEqual([
      ...[
        'add /name',
        'add /telecom',
        'add /address',
        'add /maritalStatus',
        'add /communication',
        'remove /text',
        'add /meta/tag/-',
      ],
    ]);
    expect(resource).toEqual(preparedFor(CHANGE, facts).resource);
    expect(writeIdIn(request)).toBe(id);
  });

  it.each([
    ['without meta and name', {}, { use: 'official', family: 'New', given: ['A'] }, 'add /meta'],
    [
      'without tags',
      { meta: { profile: ['p'] }, name: [{ text: 'Old', prefix: ['Dr'] }] },
      { prefix: ['Dr'], family: 'New', given: ['A'] },
      'add /meta/tag',
    ],
    [
      'known by a former name only',
      { meta: { tag: [] }, name: [{ use: 'old', family: 'Old' }] },
      { use: 'official', family: 'New', given: ['A'] },
      'add /meta/tag/-',
    ],
    [
      'with an annotated name',
      { name: [{ family: 'Old', _family: { id: 'x' }, given: ['Old'], _given: [{ id: 'y' }] }] },
      { family: 'New', given: ['A'] },
      'add /meta',
    ],
  ])('D2 a patient %s gets the new name and the tag', (_what, held, name, operation) => {
    const resource: ExactObject = { resourceType: 'Patient', id: 'p1', ...held };
    const known = factsWith({}, { ...target, resource });
    const change = '{"demographics":{"name":{"family":"New","given":["A"]}}}';
    const changed = preparedFor(change, known);
    expect((changed.resource?.name as ExactObject[]).at(-1)).toEqual(name);
    expect(changed.resource).toMatchObject({ meta: { tag: [{ system: writeIdentifierSystem }] } });
    const patched = preparedFor(change, known, patch);
    expect((JSON.parse(patched.request.body) as { op: string; path: string }[]).map(({ op, path }) => `${op} ${path}`)).toEqual([
      'add /name',
      operation,
    ]);
    expect(writeIdIn(patched.request)).toBe(commandFor(itemFrom(change)).identity.id);
  });

  it('D2 the words for a name go with its parts, and the parts that are not named stay', () => {
    const named = preparedFor('{"demographics":{"name":{"text":"Andrew C."}}}', facts).resource?.name;
    expect(named).toMatchObject([
      { use: 'official', text: 'Andrew C.', family: 'Campbell', given: ['Andrew'] },
      { use: 'maiden' },
    ]);
  });

  it.each([put, patch])('C7 an old telephone number that stays beside the new one is found ($updateBy)', (options) => {
    const { request, resource } = preparedFor(CHANGE, facts, options);
    const base = 'https://ehr.test/r4/';
    expect(compareWithRequest(request, resource ?? {}, base).differences).toEqual([]);
    const both = {
      ...resource,
      telecom: [
        { system: 'phone', value: '555-0199' },
        { system: 'phone', value: '555-0100' },
      ],
    };
    expect(compareWithRequest(request, both, base).differences).toMatchObject([{ path: 'Patient.telecom[1]', kind: 'added' }]);
  });

  it('D2 a patient without a version, or another than the one of the event, is not changed', () => {
    const command = commandFor(itemFrom(CHANGE));
    const refusal = (changed: GatewayFacts) => prepareRequest(command, changed, put);
    expect(refusal(factsWith({}, { ...target, versionId: null }))).toMatchObject({
      outcome: 'refused',
      code: 'operation-unsupported',
    });
    expect(refusal(factsWith({}, { ...target, reference: 'Patient/p2' }))).toMatchObject({
      outcome: 'refused',
      code: 'target-not-found',
    });
    expect(refusal(factsWith())).toMatchObject({ outcome: 'refused', code: 'target-not-found' });
  });

  it('B1 nothing but demographics is written by changing what is there', () => {
    const command = commandFor(itemFrom(OBSERVATION));
    const update = { ...command, identity: { ...command.identity, operation: 'update' as const } };
    expect(prepareRequest(update, facts, put)).toMatchObject({ outcome: 'refused', code: 'operation-unsupported' });
    const create = { ...commandFor(itemFrom(CHANGE)) };
    expect(prepareRequest({ ...create, identity: { ...create.identity, operation: 'create' } }, facts, put)).toMatchObject({
      outcome: 'refused',
    });
  });
});

describe('marks as entered in error', () => {
  const mark = (resource: ExactObject, versionId: string | null = '3') =>
    prepareMark(
      { id: 'w2', contract: 'default-1' },
      { reference: `${String(resource.resourceType)}/x`, versionId, resource: { id: 'x', ...resource } },
      put,
    );
  const ours = { meta: { versionId: '3', tag: [{ system: writeIdentifierSystem, code: 'w1' }] } };

  it.each(['CarePlan', 'MedicationStatement', 'Observation', 'Procedure', 'QuestionnaireResponse'])(
    'E2 a %s by its status, for exactly its version, with the tag of the write that marks it',
    (resourceType) => {
      const marked = mark({ resourceType, status: 'completed', note: [{ text: 'kept' }], ...ours });
      if (marked.outcome === 'refused') throw new Error(marked.message);
      expect(marked.request).toMatchObject({ method: 'PUT', path: `${resourceType}/x`, headers: { 'if-match': 'W/"3"' } });
      expect(marked.resource).toEqual({
        resourceType,
        id: 'x',
        status: 'entered-in-error',
        note: [{ text: 'kept' }],
        meta: { tag: [...ours.meta.tag, { system: writeIdentifierSystem, code: 'w2' }] },
      });
      expect(writeIdIn(marked.request)).toBe('w2');
    },
  );

  it.each(['AllergyIntolerance', 'Condition'])('E2 a %s by its verification status, without a clinical one', (resourceType) => {
    const marked = mark({
      resourceType,
      clinicalStatus: { coding: [{ code: 'active' }] },
      verificationStatus: { coding: [{ code: 'confirmed' }] },
    });
    if (marked.outcome === 'refused') throw new Error(marked.message);
    expect(marked.resource).toMatchObject({ verificationStatus: { coding: [{ code: 'entered-in-error' }] } });
    expect(marked.resource).not.toHaveProperty('clinicalStatus');
  });

  it('E2 nothing without a version, and nothing that has no such mark', () => {
    expect(mark({ resourceType: 'Observation', status: 'final' }, null)).toMatchObject({ code: 'operation-unsupported' });
    expect(mark({ resourceType: 'Patient', active: true })).toMatchObject({ code: 'operation-unsupported' });
  });
});
