import { expect, it } from 'vitest';
import { control, gates, register } from '../index.ts';
import { connection, Harness, note, record, tester } from '../testing/harness.ts';
import type { Connection } from '../../../src-shared/domain/index.ts';

/** What a stage has shown, measured from the ledger. */

const real: Connection = {
  ...connection,
  name: 'prod',
  baseUrl: 'https://ehr.example/fhir',
  tenants: ['south'],
  environment: 'production',
  stage: 'staged',
};

it('B4 what a stage has shown is measured by resource type, over the last thirty days, and told against what is asked', async () => {
  const practice = await Harness.open([{ ...connection, stage: 'staged' }]);
  try {
    const first = record({ id: 'm-1', approved: false });
    await practice.ingest(first, record({ id: 'm-1', version: 2, content: note('Changed.') }), record({ id: 'm-2' }));
    await practice.drain();
    const shown = async () => {
      const report = await gates(practice.deps).report('ehr');
      const figures = report?.byResource.DocumentReference?.criteria.map(({ id, figure }) => [
        id,
        figure?.measured,
        figure?.asked,
      ]);
      return Object.fromEntries((figures ?? []).map(([id, ...of]) => [id, of]));
    };
    expect(await shown()).toMatchObject({
      charted: [2, 50],
      verified: [100, 98],
      failures: [0, 2],
      conflicts: [0, 2],
      edited: [33.3, 20],
      unknown: [0, 0],
    });
    practice.clock.advance(31 * 24 * 3_600_000);
    expect(await shown()).toEqual({});
    // Outside practice the same figures are what a refusal tells.
    await register(practice.deps).connection({ ...real, stage: 'staged' }, tester);
    expect(await control(practice.deps).stage('prod', 'limited-auto-write', 'go', tester)).toMatchObject({
      ok: false,
      code: 'stage-not-earned',
      message: expect.stringContaining('charted (0 of 50 writes were charted in 30 days)') as unknown,
    });
  } finally {
    await practice.close();
  }
});
