import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { control, dryRun } from '../index.ts';
import { clinician, Harness, note, record, tester } from '../testing/harness.ts';
import { workspaceLog } from '../../../src-shared/domain/index.ts';

/** What would be sent, without anything being taken in or sent. */

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const rehearse = (text: string, connection: string | null = null) =>
  dryRun(harness.deps)({ file: 'test', line: 1, text }, connection, tester);

describe('dry run', () => {
  it('B4 shows the very request that is sent afterwards, and takes nothing in', async () => {
    const text = record({ id: 'v-1' });
    const shown = await rehearse(text);
    expect(shown).toMatchObject({ status: 'accepted', eventId: 'v-1', writes: [{ state: 'pending', code: null, stops: [] }] });
    expect(harness.ehr.sends).toEqual([]);
    expect(await harness.deps.ledger.writes({ limit: 10 })).toEqual([]);
    expect(await harness.deps.ledger.row('event', 'north', 'v-1')).toBeUndefined();
    const log = await harness.deps.ledger.entries('north', { actor: tester.id }, 10);
    expect(log.map(({ type, stream }) => `${type} ${stream}`)).toEqual(['record.viewed dry-run/v-1']);

    const [id] = await harness.accept({ id: 'v-1' });
    await harness.drain();
    const checked = (await harness.timeline(id ?? '')).find(({ type }) => type === 'write.checked');
    expect(shown.writes[0]?.row.id).toBe(id);
    expect(checked?.body).toMatchObject({ prepared: shown.writes[0]?.request });
    expect(await rehearse(text)).toMatchObject({ status: 'duplicate', writes: [] });
  });

  it('B4 nothing it decides is remembered: the path of versions begins with the first real write', async () => {
    await rehearse(record({ id: 'v-1' }));
    expect(await harness.deps.ledger.rows('path')).toEqual([]);
    expect(await harness.deps.ledger.rows('consent')).toEqual([]);
  });

  it('B4 refusals are told with the code that intake would give', async () => {
    expect(await rehearse('{')).toMatchObject({ status: 'refused', code: 'json-syntax', writes: [] });
    const unknown = record({ id: 'v-2' }).replace('"scribe-7"', '"nobody"');
    expect(await rehearse(unknown)).toMatchObject({ status: 'refused', code: 'source-unknown' });
    // What is refused is not put on the list of refused records either.
    expect((await harness.deps.ledger.entries(workspaceLog, { actor: tester.id }, 99)).map(({ type }) => type)).not.toContain(
      'intake.refused',
    );
  });

  it('B4 B3 who would have to approve, and what the checks find', async () => {
    expect(await rehearse(record({ id: 'v-3', approved: false }))).toMatchObject({
      writes: [{ state: 'awaiting-approval', approvers: expect.arrayContaining(['clinician']) as unknown }],
    });
    harness.ehr.unsupported = 'operation-unsupported';
    expect(await rehearse(record({ id: 'v-3' }))).toMatchObject({
      writes: [{ state: 'failed-terminal', code: 'operation-unsupported', request: null, reason: 'not in this EHR' }],
    });
    harness.ehr.unsupported = null;
    harness.findings = [{ rule: 'cardinality', severity: 'stop', path: 'x', message: 'x is missing', next: 'add it' }];
    expect(await rehearse(record({ id: 'v-3' }))).toMatchObject({
      writes: [{ state: 'failed-terminal', code: 'structure-invalid', reason: 'x is missing' }],
    });
  });

  it('B4 B5 a stage that sends nothing and a switch are told, with the request', async () => {
    await control(harness.deps).stage('ehr', 'shadow', 'rehearsal', tester);
    expect(await rehearse(record({ id: 'v-4' }))).toMatchObject({
      writes: [{ state: 'held', code: 'stage-read-only', request: { method: 'POST' } }],
    });
    await control(harness.deps).stage('ehr', 'limited-auto-write', 'go', tester);
    await control(harness.deps).switch('writes', { source: 'scribe-7' }, true, 'wrong notes', { ...clinician }, tester);
    expect(await rehearse(record({ id: 'v-4' }))).toMatchObject({
      writes: [
        { state: 'pending', stops: [{ code: 'writes-switched-off', reason: expect.stringContaining('wrong notes') as unknown }] },
      ],
    });
  });

  it('B4 a new version of a known event is rehearsed beside the old one', async () => {
    await harness.accept({ id: 'v-5' });
    await harness.drain();
    const next = record({ id: 'v-5', version: 2, content: note('Amended.') });
    const shown = await rehearse(next);
    expect(shown).toMatchObject({ status: 'new-version', writes: [{ row: { eventVersion: 2 } }] });
    expect((await harness.deps.ledger.row('event', 'north', 'v-5'))?.eventVersion).toBe(1);
    expect(await rehearse(next, 'elsewhere')).toMatchObject({ writes: [] });
  });
});
