import { afterEach, beforeEach, expect, it } from 'vitest';
import { clinician, Harness, note } from '../testing/harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

it.each([
  ['once', 'Short.', 1],
  ['each time, where it is large', 'Long. '.repeat(20_000), 2],
])('C6 the check of a write that is sent is read from the log %s', async (_, text, least) => {
  const [id = ''] = await harness.accept({ id: 'e1', approved: false, content: note(text) });
  await harness.drain();
  await harness.approve(id, clinician);
  const seq = (await harness.write(id)).prepared?.seq;
  const { ledger } = harness.deps;
  const entry = ledger.entry.bind(ledger);
  let reads = 0;
  ledger.entry = (tenant, at) => {
    if (at === seq) reads += 1;
    return entry(tenant, at);
  };
  await harness.drain();
  expect((await harness.write(id)).state.name).toBe('committed');
  if (least === 1) expect(reads).toBe(1);
  else expect(reads).toBeGreaterThanOrEqual(least);
});
