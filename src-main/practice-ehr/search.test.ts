import { describe, expect, it } from 'vitest';
import { KEY_SYSTEM, bundleOf, encounterOf, issuesOf, observationOf, patient, practice } from './testing/practice.ts';
import type { Practice } from './testing/practice.ts';

const PEDIATRICS = { system: 'http://snomed.info/sct', code: '394537008' };

interface Filled {
  readonly ehr: Practice;
  readonly andrew: string;
  readonly berta: string;
}

async function filled(): Promise<Filled> {
  const ehr = await practice();
  const andrew = await ehr.made(patient);
  const berta = await ehr.made({
    resourceType: 'Patient',
    identifier: [{ system: 'urn:mrn:south', value: '100234' }, { value: 'loose' }],
    name: [{ family: 'Müller-Camp', given: ['Berta'] }],
    birthDate: '1990',
    meta: { tag: [{ system: 'urn:tag', code: 't1' }] },
    telecom: [
      { system: 'phone', value: '555-1' },
      { system: 'email', value: 'b@example.org' },
    ],
    deceasedBoolean: false,
  });
  const visit = await ehr.made({
    ...encounterOf(andrew),
    type: [{ coding: [PEDIATRICS] }],
    period: { start: '2026-03-02T08:00:00Z' },
  });
  await ehr.made(observationOf(andrew, 'w-1', { encounter: { reference: `Encounter/${visit}` } }));
  await ehr.made(
    observationOf(andrew, 'w-2', {
      effectiveDateTime: '2026-03',
      code: { coding: [{ system: 'http://loinc.org', code: '8462-4' }] },
    }),
  );
  await ehr.made(
    observationOf(berta, 'w-3', {
      effectiveDateTime: undefined,
      effectivePeriod: { start: '2026-04-01', end: '2026-04-30' },
      status: 'amended',
      performer: [{ identifier: { system: 'urn:npi', value: '7' } }],
    }),
  );
  return { ehr, andrew, berta };
}

/** What the search finds, told by the keys of observations and the family names of patients. */
async function found(ehr: Practice, query: string): Promise<string[]> {
  const got = await ehr.call('GET', `/${query}`);
  expect(got.status, `${query}: ${got.text}`).toBe(200);
  const bundle = bundleOf(got);
  expect(bundle.total).toBe(bundle.entry?.length ?? 0);
  return (bundle.entry ?? []).map(({ resource }) => {
    const { name, identifier } = resource as unknown as { name?: { family: string }[]; identifier?: { value: string }[] };
    return name?.[0]?.family ?? identifier?.[0]?.value ?? resource?.resourceType ?? '';
  });
}

const searches: readonly (readonly [query: string, expected: readonly string[]])[] = [
  ['Patient?identifier=urn:mrn:north|100234', ['Campbell']],
  ['Patient?identifier=100234', ['Campbell', 'Müller-Camp']],
  ['Patient?identifier=|loose', ['Müller-Camp']],
  ['Patient?identifier=urn:mrn:south|', ['Müller-Camp']],
  ['Patient?identifier=urn:mrn:north|100234,urn:mrn:south|100234', ['Campbell', 'Müller-Camp']],
  ['Patient?identifier=urn:mrn:north|1002', []],
  ['Patient?family=camp', ['Campbell']],
  ['Patient?family:contains=camp', ['Campbell', 'Müller-Camp']],
  ['Patient?family:exact=campbell', []],
  ['Patient?family:exact=Campbell', ['Campbell']],
  ['Patient?family=muller', ['Müller-Camp']],
  ['Patient?given=jose', ['Campbell']],
  ['Patient?name=berta', ['Müller-Camp']],
  ['Patient?birthdate=1967-02-11', ['Campbell']],
  ['Patient?birthdate=1990', ['Müller-Camp']],
  ['Patient?birthdate=1990-05-05', []],
  ['Patient?birthdate=lt1970', ['Campbell']],
  ['Patient?birthdate=ge1967-02-11&birthdate=le1967-02-11', ['Campbell']],
  ['Patient?gender=male', ['Campbell']],
  ['Patient?gender=http://hl7.org/fhir/administrative-gender|male', ['Campbell']],
  ['Patient?gender:missing=true', ['Müller-Camp']],
  ['Patient?gender:not=male', ['Müller-Camp']],
  ['Patient?_tag=urn:tag|t1', ['Müller-Camp']],
  ['Patient?phone=555-1', ['Müller-Camp']],
  ['Patient?phone=b@example.org', []],
  ['Patient?deceased=false', ['Campbell', 'Müller-Camp']],
  ['Patient?family=camp&gender=female', []],
  ['Patient?_lastUpdated=gt2000&family=camp', ['Campbell']],
  ['Patient?_lastUpdated=lt2000', []],
  ['Patient?_sort=-family', ['Müller-Camp', 'Campbell']],
  ['Patient?_sort=birthdate', ['Campbell', 'Müller-Camp']],
  ['Observation?patient=ANDREW', ['w-1', 'w-2']],
  ['Observation?patient=Patient/ANDREW', ['w-1', 'w-2']],
  ['Observation?subject:Patient=ANDREW&code=http://loinc.org|8480-6', ['w-1']],
  ['Observation?subject=BASE/Patient/ANDREW', ['w-1', 'w-2']],
  ['Observation?encounter:missing=false', ['w-1']],
  ['Observation?performer:identifier=urn:npi|7', ['w-3']],
  ['Observation?performer:identifier=7', ['w-3']],
  ['Observation?status=amended', ['w-3']],
  ['Observation?date=2026-03', ['w-1', 'w-2']],
  ['Observation?date=2026-03-02', ['w-1']],
  ['Observation?date=ge2026-04-15', ['w-3']],
  ['Observation?date=sa2026-03-31', ['w-3']],
  ['Observation?date=eb2026-04-01', ['w-1', 'w-2']],
  ['Observation?date=ne2026-03', ['w-3']],
  ['Observation?date=ap2026-03-02', ['w-1', 'w-2']],
  ['Observation?date=gt2026-03-02T10:00:00%2B02:00&patient=ANDREW', ['w-1', 'w-2']],
  ['Observation?_sort=-date&_total=accurate', ['w-3', 'w-2', 'w-1']],
  ['Encounter?type=394537008', ['Encounter']],
  ['Encounter?class=AMB&status=in-progress&patient=ANDREW', ['Encounter']],
];

describe('search', () => {
  it('J5 finds what the standard says it should', async () => {
    const { ehr, andrew } = await filled();
    for (const [query, expected] of searches) {
      const asked = query.replaceAll('ANDREW', andrew).replaceAll('BASE', ehr.baseUrl);
      expect(await found(ehr, asked), query).toEqual(expected);
    }
  });

  it.each([
    'Patient?famly=campbell',
    'Patient?family:sounds=campbell',
    'Patient?family=',
    'Patient?family=a,,b',
    'Patient?birthdate=yesterday',
    'Patient?gender:missing=maybe',
    'Patient?_count=many',
    'Patient?_count=1&_count=2',
    'Patient?_sort=shoe-size',
    'Patient?_summary=text',
    'Patient?_elements=name.family',
    'Patient?_include=Patient:name',
    'Patient?_revinclude=Observation:patient',
    'Observation?patient.family=campbell',
    'Observation?value-quantity=5',
    'Patient?_pretty=true',
    'Patient?_has:Observation:patient:code=1',
  ])('J5 %s is refused, not overlooked', async (query) => {
    const ehr = await practice();
    const got = await ehr.call('GET', `/${query}`, undefined, { prefer: 'handling=lenient' });
    expect(got.status).toBe(400);
    expect(issuesOf(got)[0]?.expression).toMatch(/^http\./);
  });

  it('J5 the self link repeats what was used, and a form search is the same search', async () => {
    const { ehr, andrew } = await filled();
    const got = bundleOf(await ehr.call('GET', `/Observation?patient=${andrew}&code=http://loinc.org|8480-6&_count=5`));
    const self = new URL(got.link?.find((link) => link.relation === 'self')?.url ?? '');
    expect([...self.searchParams]).toEqual([
      ['patient', andrew],
      ['code', 'http://loinc.org|8480-6'],
      ['_count', '5'],
    ]);
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const form = bundleOf(await ehr.call('POST', '/Observation/_search?_count=5', `patient=${andrew}&code=8480-6`, headers));
    expect(form.entry?.map((entry) => entry.resource)).toEqual(got.entry?.map((entry) => entry.resource));
  });

  it('J5 pages follow one another until the end, and every match is on one of them', async () => {
    const ehr = await practice();
    const id = await ehr.made(patient);
    for (let n = 0; n < 7; n += 1) await ehr.made(observationOf(id, `w-${n}`));
    const seen: string[] = [];
    let next: string | undefined = `/Observation?patient=${id}&_count=3`;
    while (next !== undefined) {
      const page = bundleOf(await ehr.call('GET', next));
      expect(page.total).toBe(7);
      seen.push(...(page.entry ?? []).map((entry) => entry.resource?.id ?? ''));
      next = page.link?.find((link) => link.relation === 'next')?.url.slice(ehr.baseUrl.length);
    }
    expect(seen).toHaveLength(7);
    expect(new Set(seen).size).toBe(7);
  });

  it('J5 _summary=count counts without entries, _total=none does not count', async () => {
    const { ehr } = await filled();
    expect(bundleOf(await ehr.call('GET', '/Observation?_summary=count'))).toMatchObject({ type: 'searchset', total: 3 });
    expect(bundleOf(await ehr.call('GET', '/Observation?_summary=count')).entry).toBeUndefined();
    expect(bundleOf(await ehr.call('GET', '/Observation?_total=none')).total).toBeUndefined();
  });

  it('J5 _include brings the resources referred to, told apart from the matches', async () => {
    const { ehr, andrew } = await filled();
    const bundle = bundleOf(
      await ehr.call(
        'GET',
        `/Observation?identifier=${KEY_SYSTEM}|w-1&_include=Observation:subject&_include=Observation:encounter:Encounter`,
      ),
    );
    expect(bundle.total).toBe(1);
    expect(bundle.entry?.map((entry) => entry.resource?.resourceType)).toEqual(['Observation', 'Patient', 'Encounter']);
    expect(bundle.entry?.[1]?.resource?.id).toBe(andrew);
    expect(bundle.entry?.map((entry) => (entry as { search?: { mode: string } }).search?.mode)).toEqual([
      'match',
      'include',
      'include',
    ]);
  });
});
