import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agreeing } from './testing/fake-ehr.ts';
import { clinician, Harness, owner, record } from './testing/harness.ts';
import type { ReadOutcome } from '../ports/outbound/index.ts';
import type { ExactObject } from '../../src-shared/fhir/index.ts';

/** What is read again just before sending (D2, D6). */

let harness: Harness;
/** Versions of records of the chart that are not the engine's own. */
let versions: Map<string, string>;
beforeEach(async () => {
  harness = await Harness.open();
  versions = new Map([['AllergyIntolerance/91', '3']]);
  const read = harness.ehr.read.bind(harness.ehr);
  harness.ehr.read = (reference): Promise<ReadOutcome> => {
    const versionId = versions.get(reference);
    if (versionId === undefined) return read(reference);
    if (versionId === 'down')
      return Promise.resolve({ outcome: 'failed', code: 'ehr-unreachable', retryAfterMs: null, exchange: [] });
    if (versionId === 'forbidden')
      return Promise.resolve({ outcome: 'failed', code: 'permission-denied', retryAfterMs: null, exchange: [] });
    return Promise.resolve({ outcome: 'read', match: { reference, versionId, resource: {} }, exchange: [] });
  };
});
afterEach(() => harness.close());

const withSnapshot = async (): Promise<string> => {
  const event = JSON.parse(record({ id: 'e1' })) as Record<string, unknown>;
  event.snapshot = {
    takenAt: '2026-03-02T08:51:00Z',
    reliedOn: [{ reference: 'AllergyIntolerance/91', versionId: '3' }],
  };
  const [receipt] = await harness.ingest(JSON.stringify(event));
  return receipt?.writes[0] ?? '';
};

describe('what an event relied on', () => {
  it('D6 in the same version, the write goes', async () => {
    const id = await withSnapshot();
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
  });

  it.each([
    ['changed', () => versions.set('AllergyIntolerance/91', '4'), 'is now in version 4, not 3'],
    ['gone', () => versions.delete('AllergyIntolerance/91'), 'is no longer there'],
  ] as const)(
    'D6 %s, the write pauses for review, and goes once someone who knows has approved it',
    async (_what, change, words) => {
      change();
      const id = await withSnapshot();
      await harness.drain();
      const paused = await harness.write(id);
      expect(paused).toMatchObject({ state: { name: 'awaiting-approval', code: 'context-changed' }, approval: null });
      expect(paused.state).toMatchObject({ reason: expect.stringContaining(words) as string });
      expect((await harness.deps.ledger.writes({ code: 'context-changed', limit: 9 })).map((row) => row.id)).toEqual([id]);
      expect(harness.ehr.sends).toEqual([]);
      expect(await harness.approve(id, clinician)).toMatchObject({ ok: true });
      await harness.drain();
      expect((await harness.write(id)).state.name).toBe('committed');
    },
  );

  it('D6 changed once more after that, it pauses again', async () => {
    versions.set('AllergyIntolerance/91', '4');
    const id = await withSnapshot();
    await harness.drain();
    await harness.approve(id, clinician);
    versions.set('AllergyIntolerance/91', '5');
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({
      name: 'awaiting-approval',
      reason: 'what it relied on has changed: AllergyIntolerance/91 is now in version 5, not 4',
    });
    expect(harness.ehr.sends).toEqual([]);
  });

  it('C6 D6 while it cannot be read the write waits with its reason, and is held in the end', async () => {
    versions.set('AllergyIntolerance/91', 'down');
    const id = await withSnapshot();
    await harness.drain(3_000);
    expect((await harness.write(id)).state).toMatchObject({ name: 'pending', code: 'ehr-unreachable' });
    expect((await harness.drain()).end).toBe('drained');
    expect((await harness.write(id)).state).toMatchObject({ name: 'held', hold: { code: 'checks-used-up' }, resume: 'pending' });
    versions.set('AllergyIntolerance/91', '3');
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
  });

  it('G6 D6 a read that is not permitted holds the write', async () => {
    versions.set('AllergyIntolerance/91', 'forbidden');
    const id = await withSnapshot();
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'held', hold: { code: 'permission-denied' } });
  });
});

describe('what an update changes', () => {
  const move = { id: 'e1', content: JSON.stringify({ demographics: { telecom: [{ system: 'phone', value: '555-0199' }] } }) };

  it.each([
    ['in the version that was read, it is changed', '1', 'committed'],
    ['changed by someone else since it was read, nothing is sent', '2', 'conflict'],
  ] as const)('D2 %s', async (_what, versionId, state) => {
    const [id = ''] = await harness.accept(move);
    await harness.drain();
    await harness.approve(id, owner);
    expect((await harness.write(id)).state.name).toBe('pending');
    versions.set('Patient/p1', versionId);
    harness.ehr.onSend = () => versions.delete('Patient/p1');
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe(state);
    expect(harness.ehr.sends).toHaveLength(state === 'conflict' ? 0 : 1);
  });
});

describe('patient and visit', () => {
  const approvedLater = async (): Promise<string> => {
    const [id = ''] = await harness.accept({ id: 'e1', approved: false });
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('awaiting-approval');
    harness.clock.advance(60 * 60_000);
    return id;
  };
  const now = (reference: string, resource: Record<string, unknown> | null, versionId = '2'): void => {
    const [resourceType = ''] = reference.split('/');
    const read = harness.ehr.subjects;
    harness.ehr.subjects = (asked) => {
      if (asked !== reference) return read(asked);
      return resource === null ? undefined : { versionId, resource: { resourceType, ...resource } as ExactObject };
    };
  };

  it.each([
    ['changed in what does not matter', 'Patient/p1', { telecom: [{ value: '555' }] }, 'committed'],
    ['a visit that goes on', 'Encounter/1', { status: 'in-progress' }, 'committed'],
    ['deceased', 'Patient/p1', { deceasedDateTime: '2026-03-02' }, 'awaiting-approval'],
    ['a visit that was closed', 'Encounter/1', { status: 'finished' }, 'awaiting-approval'],
  ] as const)('D6 %s: %s %j', async (_what, reference, resource, state) => {
    const id = await approvedLater();
    await harness.approve(id, clinician);
    now(reference, resource);
    await harness.drain();
    const row = await harness.write(id);
    expect(row.state.name).toBe(state);
    if (state !== 'awaiting-approval') return;
    expect(row.state).toMatchObject({ code: 'context-changed', reason: expect.stringContaining(reference) as string });
    expect(harness.ehr.sends).toEqual([]);
    // Whoever knows may let it go; changed once more, it stops again.
    await harness.approve(id, clinician);
    now(reference, resource, '3');
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('awaiting-approval');
    await harness.approve(id, clinician);
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
  });

  it.each([
    ['merged', 'Patient/p1', { link: [{ type: 'replaced-by', other: { reference: 'Patient/9' } }] }],
    ['inactive', 'Patient/p1', { active: false }],
    ['no longer there', 'Patient/p1', null],
    ['a cancelled visit', 'Encounter/1', { status: 'cancelled' }],
    ['a visit of somebody else', 'Encounter/1', { status: 'in-progress', subject: { reference: 'Patient/9' } }],
  ] as const)('D6 %s: it is checked anew and its approval is void (%s)', async (_what, reference, resource) => {
    const id = await approvedLater();
    await harness.approve(id, clinician);
    now(reference, resource);
    harness.ehr.lookUps = (query) => {
      const answer = agreeing(query);
      if (answer.outcome !== 'found' || answer.matches[0]?.reference !== reference) return answer;
      const [match] = answer.matches;
      return {
        outcome: 'found',
        matches: resource === null ? [] : [{ ...match, versionId: '2', resource: { ...match.resource, ...resource } }],
      };
    };
    await harness.drain();
    const row = await harness.write(id);
    expect(row.state.name).toBe('failed-terminal');
    expect(row.state).toMatchObject({ code: expect.stringMatching(/^(patient|encounter)-/) as string });
    expect(harness.ehr.sends).toEqual([]);
  });

  it('D6 while they cannot be read nothing is sent', async () => {
    const id = await approvedLater();
    await harness.approve(id, clinician);
    harness.ehr.readFailures = 1;
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
    expect((await harness.timeline(id)).map(({ type }) => type)).toContain('write.put-off');
  });
});

describe('an EHR without versions', () => {
  const move = { id: 'e1', content: JSON.stringify({ demographics: { telecom: [{ system: 'phone', value: '555-0199' }] } }) };
  let stands: ExactObject = {};
  beforeEach(() => {
    harness.ehr.lookUps = (query) => {
      const answer = agreeing(query);
      if (query.kind !== 'patient' || answer.outcome !== 'found') return answer;
      const [match] = answer.matches;
      stands = match?.resource ?? {};
      return { outcome: 'found', matches: answer.matches.map((one) => ({ ...one, versionId: null })) };
    };
    harness.ehr.subjects = (reference) =>
      reference === 'Patient/p1'
        ? { versionId: null, resource: stands }
        : { versionId: '1', resource: { resourceType: 'Encounter' } };
  });
  const approved = async (): Promise<string> => {
    const [id = ''] = await harness.accept(move);
    await harness.drain();
    await harness.approve(id, owner);
    return id;
  };

  it('D2 what is changed is compared just before it is sent, and the weaker guarantee is said on the write', async () => {
    const id = await approved();
    await harness.drain();
    expect((await harness.write(id)).state.name).toBe('committed');
    const view = await harness.inspect.write(id, { kind: 'system', id: 'test' });
    expect(view?.findings).toContainEqual(
      expect.objectContaining({ rule: 'weaker-guarantee', message: 'weaker guarantee: the EHR does not check versions' }),
    );
    expect(view?.facts?.target).toMatchObject({
      versionId: null,
      contentSha256: expect.stringMatching(/^[0-9a-f]{64}$/) as string,
    });
  });

  it('D2 changed by somebody else since the approver saw it, nothing is sent', async () => {
    const id = await approved();
    stands = { ...stands, gender: 'other' };
    await harness.drain();
    expect((await harness.write(id)).state).toMatchObject({ name: 'conflict', code: 'version-conflict' });
    expect(harness.ehr.sends).toEqual([]);
  });
});
