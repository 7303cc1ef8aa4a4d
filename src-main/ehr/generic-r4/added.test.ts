import { expect, it } from 'vitest';
import { request } from 'undici';
import { createGenericR4Gateway } from './index.ts';
import { commandFor, factsWith, itemFrom, subjects } from '../testing/commands.ts';
import { clock, countingIds, sha256 } from '../testing/runtime.ts';
import { startPracticeEhr } from '../../practice-ehr/index.ts';
import { counterparts } from '../../../src-shared/domain/index.ts';
import { asObject, stringifyExact, type ExactObject } from '../../../src-shared/fhir/index.ts';

/** What people wrote by hand, read from an EHR and compared with what would have been written. */

it('B4 finds what a person wrote since the visit, of this patient only, and says where it differs', async () => {
  const ehr = await startPracticeEhr({ dataFile: ':memory:' });
  const gateway = createGenericR4Gateway({
    baseUrl: ehr.baseUrl,
    credential: () => Promise.resolve(null),
    sha256,
    clock,
    random: countingIds(),
  });
  if ('refused' in gateway) throw new Error(gateway.message);
  const put = async (method: 'PUT' | 'POST', address: string, resource: ExactObject): Promise<void> => {
    const headers = { 'content-type': 'application/fhir+json' };
    const answer = await request(`${ehr.baseUrl}/${address}`, { method, headers, body: stringifyExact(resource) });
    if (answer.statusCode >= 300) throw new Error(await answer.body.text());
    await answer.body.dump();
  };
  try {
    for (const one of subjects) await put('PUT', `${one.resourceType}/${one.id}`, one as unknown as ExactObject);
    await put('PUT', 'Patient/p2', { resourceType: 'Patient', id: 'p2' });
    const note = itemFrom('{"note":{"text":"Well today."}}');
    const made = gateway.prepare(commandFor(note), factsWith());
    if (made.outcome !== 'prepared' || made.resource === null) throw new Error('not prepared');
    const { identifier: _mark, meta: _meta, ...byHand } = made.resource;
    await put('POST', 'DocumentReference', { ...byHand, description: 'typed by hand', docStatus: 'preliminary' });
    await put('POST', 'DocumentReference', { ...byHand, subject: { reference: 'Patient/p2' } });

    const since = clock.now() - 3_600_000;
    const listed = await gateway.added?.('DocumentReference', 'Patient/p1', since);
    if (listed?.outcome !== 'listed') throw new Error(JSON.stringify(listed));
    expect(listed.entries.map(({ resource }) => asObject(resource.subject)?.reference)).toEqual(['Patient/p1']);
    const candidates = listed.entries.map(({ reference, resource }) => ({
      reference,
      ...gateway.compare(made.request, resource),
    }));
    const contract = { verify: ['status', 'docStatus'], fields: [] };
    const match = counterparts([{ id: 'w', contract, candidates }]).get('w');
    expect(match?.noted).toEqual([]);
    expect(match?.serious.map(({ path }) => path)).toContain('DocumentReference.docStatus');
    expect(match?.serious.map(({ path }) => path)).not.toContain('DocumentReference.type');

    const later = await gateway.added?.('DocumentReference', 'Patient/p1', Date.parse('2100-01-01T00:00:00Z'));
    expect(later).toMatchObject({ outcome: 'listed', entries: [] });
  } finally {
    await gateway.close();
    await ehr.close();
  }
}, 30_000);
