import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { consents, explainPolicy } from './index.ts';
import { clinician, consentContent, Harness, record, tester } from './testing/harness.ts';

/** What events and documents say about a patient's consent, as it is recorded and counts from then on (G1). */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const one = (text: string): Promise<string> => harness.oneWrite(text);
const stateOf = async (id: string) => (await harness.write(id)).state;

it('G1 a refusal in a later event of the patient stops what waits, a newer permission lets it go, other patients go on', async () => {
  const waiting = await one(record({ id: 'e1', approved: false }));
  const other = await one(record({ id: 'e2', patient: 'p2' }));
  await harness.drain();
  const refused = await one(record({ id: 'c1', content: consentContent('deny', '2026-03-02T08:00:00Z') }));
  await harness.approve(waiting, clinician);
  await harness.drain();
  expect(await stateOf(waiting)).toMatchObject({ name: 'held', hold: { code: 'consent-denied' } });
  expect(await stateOf(other)).toMatchObject({ name: 'committed' });
  // The refusal itself waits for its approver, not for consent.
  expect(await stateOf(refused)).toMatchObject({ name: 'awaiting-approval' });
  await one(record({ id: 'c2', content: consentContent('permit', '2026-03-02T08:30:00Z') }));
  await harness.drain();
  expect(await stateOf(waiting)).toMatchObject({ name: 'committed' });
});

it('G1 a permission that nobody has approved lifts nothing', async () => {
  const waiting = await one(record({ id: 'e1' }));
  await one(record({ id: 'c1', content: consentContent('deny', '2026-03-02T08:00:00Z') }));
  await one(record({ id: 'c2', content: consentContent('permit', '2026-03-02T08:30:00Z'), approved: false }));
  await harness.drain();
  expect(await stateOf(waiting)).toMatchObject({ name: 'held', hold: { code: 'consent-denied' } });
});

const version = (text: string, of: number): string => JSON.stringify({ ...(JSON.parse(text) as object), version: of });

it('G1 nor does one that comes as a new version of the event with the refusal, until it is approved', async () => {
  const waiting = await one(record({ id: 'e1' }));
  const permission = { id: 'c1', content: consentContent('permit', '2026-03-02T08:30:00Z') };
  await one(record({ id: 'c1', content: consentContent('deny', '2026-03-02T08:00:00Z') }));
  await one(version(record({ ...permission, approved: false }), 2));
  await harness.drain();
  expect(await stateOf(waiting)).toMatchObject({ name: 'held', hold: { code: 'consent-denied' } });
  await harness.ingest(version(record(permission), 2));
  await harness.drain();
  expect(await stateOf(waiting)).toMatchObject({ name: 'committed' });
});

it('G1 a refusal that nobody has approved counts beside an approved permission of the same event', async () => {
  await one(record({ id: 'c1', content: consentContent('permit', '2026-03-02T08:00:00Z') }));
  await one(version(record({ id: 'c1', content: consentContent('deny', '2026-03-02T08:30:00Z'), approved: false }), 2));
  const waiting = await one(record({ id: 'e1' }));
  await harness.drain();
  expect(await stateOf(waiting)).toMatchObject({ name: 'held', hold: { code: 'consent-denied' } });
});

describe('an older copy of a Consent on record', () => {
  const consent = (base: 'OPTIN' | 'OPTOUT', members: object) =>
    JSON.stringify({
      ...{ resourceType: 'Consent', id: '7', status: 'active', scope: { coding: [{ code: 'patient-privacy' }] } },
      ...{ category: [{ coding: [{ code: '59284-0' }] }], patient: { identifier: { system: 'urn:mrn', value: 'p1' } } },
      policyRule: { coding: [{ code: base }] },
      ...members,
    });
  const january = { dateTime: '2026-01-05' };
  const february = { dateTime: '2026-02-05' };
  const changed = (lastUpdated: string) => ({ meta: { lastUpdated } });

  it.each([
    ['that was given before it', february, january],
    ['that its server changed before it', changed('2026-02-05T08:00:00Z'), changed('2026-02-05T07:59:59Z')],
    [
      'that was changed before it, though it names a later date',
      { ...january, ...changed('2026-02-05T08:00:00Z') },
      { ...february, ...changed('2026-02-05T07:00:00Z') },
    ],
  ])('G1 %s restores no permission, and whoever records it is told', async (_which, newer, older) => {
    const reader = consents(harness.deps);
    const id = await one(record({ id: 'e1' }));
    expect(await reader.record('north', consent('OPTOUT', newer), tester)).toMatchObject({ ok: true });
    expect(await reader.record('north', consent('OPTIN', older), tester)).toMatchObject({ ok: false, code: 'consent-older' });
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'consent-denied' } });
    expect(await reader.record('north', consent('OPTIN', newer), tester)).toMatchObject({ ok: true });
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'committed' });
  });

  it('G1 of documents that do not say when, the one recorded later counts', async () => {
    const reader = consents(harness.deps);
    expect(await reader.record('north', consent('OPTIN', {}), tester)).toMatchObject({ ok: true });
    expect(await reader.record('north', consent('OPTOUT', january), tester)).toMatchObject({ ok: true });
    const id = await one(record({ id: 'e1' }));
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'consent-denied' } });
  });

  it('G1 a draft of it ends no refusal', async () => {
    const reader = consents(harness.deps);
    await reader.record('north', consent('OPTOUT', january), tester);
    await reader.record('north', consent('OPTIN', { ...february, status: 'draft' }), tester);
    const id = await one(record({ id: 'e1' }));
    await harness.drain();
    expect(await stateOf(id)).toMatchObject({ name: 'held', hold: { code: 'consent-denied' } });
  });
});

it('G1 a FHIR Consent taken in counts for the patient it names, and is shown as what it is', async () => {
  const document = {
    resourceType: 'Consent',
    id: '7',
    status: 'active',
    scope: { coding: [{ code: 'patient-privacy' }] },
    category: [{ coding: [{ code: '59284-0' }] }],
    patient: { identifier: { system: 'urn:mrn', value: 'p1' } },
    provision: { type: 'permit', provision: [{ type: 'deny', class: [{ code: 'DocumentReference' }] }] },
  };
  const reader = consents(harness.deps);
  expect(await reader.record('north', JSON.stringify(document), tester)).toMatchObject({ ok: true });
  const id = await one(record({ id: 'e1' }));
  await harness.drain();
  expect(await explainPolicy(harness.deps)(id, tester)).toMatchObject({
    code: 'consent-denied',
    consent: { rule: 'refused-by-patient', artifact: 'Consent/7' },
  });
  expect(await reader.of('north', 'identifier urn:mrn|p1', tester)).toMatchObject([{ id: 'Consent/7', status: 'active' }]);
  // The same document, ended, takes the place of the first.
  await reader.record('north', JSON.stringify({ ...document, status: 'entered-in-error' }), tester);
  await harness.drain();
  expect(await stateOf(id)).toMatchObject({ name: 'committed' });
  expect(await reader.record('north', '{"resourceType":"Patient"}', tester)).toMatchObject({
    ok: false,
    code: 'consent-invalid',
  });
  expect(await reader.record('north', '{', tester)).toMatchObject({ ok: false, code: 'consent-invalid' });
});
