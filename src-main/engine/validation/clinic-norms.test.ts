import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Harness, record, tester } from '../testing/harness.ts';
import { ClinicNorms } from './clinic-norms.ts';
import { eventsOf } from '../event-source.ts';
import type { Ledger, LedgerReader } from '../../ports/outbound/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

const weight = (value: number, unit = 'kg'): string =>
  JSON.stringify({ observations: [{ code: { system: 'http://loinc.org', code: '29463-7' }, value, unit }] });

/** As many adults, each with a visit and a weight of their own; none of the values is unusual. */
async function charted(count: number): Promise<void> {
  const records = Array.from({ length: count }, (_, n) =>
    record({ id: `w${n}`, patient: `adult-${n}`, content: weight(60 + (n % 20)) }),
  );
  await harness.ingest(...records);
  await harness.drain();
}

async function found(id: string, content: string, change: (text: string) => string = (text) => text) {
  const [receipt] = await harness.ingest(change(record({ id, patient: id, content, approved: false })));
  await harness.drain();
  const view = await harness.inspect.write(receipt?.writes[0] ?? '', tester);
  return (view?.findings ?? []).filter(({ rule }) => rule === 'clinic-drift');
}

describe("F1 drift from the clinic's normal ranges", () => {
  it('F1 a value far outside of what is charted here is shown, with what it is held against', async () => {
    await charted(48);
    const [drift] = await found('far', weight(131));
    expect(drift).toMatchObject({ severity: 'review', path: 'content.observations[0].value' });
    expect(drift?.message).toBe(
      '131 kg lies far outside of what is charted here: half of 48 values from 18 to under 65 years lie between 63.75 and 73.25.',
    );
    expect(await found('near', weight(95))).toEqual([]);
    // The same in another unit; a weight of a child; a patient whose age nobody gave.
    expect(await found('pounds', weight(289, '[lb_av]'))).toHaveLength(1);
    expect(await found('pounds-near', weight(180, '[lb_av]'))).toEqual([]);
    const child = (text: string): string => text.replace('1967-02-11', '2020-02-11');
    expect(await found('child', weight(20), child)).toEqual([]);
    const nobody = (text: string): string => text.replace(',"birthDate":"1967-02-11"', '');
    expect(await found('ageless', weight(20), nobody)).toEqual([]);
  });

  it('F1 too few values say nothing', async () => {
    await charted(12);
    expect(await found('far', weight(131))).toEqual([]);
  });

  it('F1 what was charted since counts once it is read again; what only waits does not', async () => {
    const norms = new ClinicNorms(harness.deps, eventsOf(harness.deps.ledger));
    await harness.accept({ id: 'waits', content: weight(70), approved: false });
    await charted(5);
    expect(await norms.chartedBy('north')).toHaveLength(5);
    await harness.accept({ id: 'later', content: weight(80), patient: 'later' });
    await harness.drain();
    expect(await norms.chartedBy('north')).toHaveLength(5);
    harness.clock.advance(limits.normsAgeMaxMs + 1);
    expect((await norms.chartedBy('north')).map(({ value, unit }) => [value, unit])).toContainEqual(['80', 'kg']);
    expect(await norms.chartedBy('another')).toEqual([]);
    // The key of one patient is gone, and with it what was charted about this patient.
    const { ledger } = harness.deps;
    const gone = (await ledger.writes({ tenant: 'north', eventId: 'w0', limit: 1 }))[0]?.eventSeq;
    const erased: LedgerReader = Object.create(ledger, {
      entry: {
        value: async (tenant: string, seq: number) => {
          const entry = await ledger.entry(tenant, seq);
          return entry === undefined || seq !== gone ? entry : { ...entry, body: null };
        },
      },
    }) as LedgerReader;
    const left = new ClinicNorms({ ...harness.deps, ledger: erased as Ledger }, eventsOf(erased));
    expect(await left.chartedBy('north')).toHaveLength(5);
  });
});
