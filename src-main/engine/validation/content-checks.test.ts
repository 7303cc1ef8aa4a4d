import { afterEach, beforeEach, expect, it } from 'vitest';
import { Harness } from '../testing/harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await Harness.open();
});
afterEach(() => harness.close());

it('F2 F3 approved text is charted with its findings beside it; a code with a slip waits for whoever may waive it', async () => {
  const [approved = '', slipped = ''] = await harness.accept({
    id: 'e1',
    content: JSON.stringify({
      note: { text: 'Insulin 5 U daily.' },
      observations: [{ code: { system: 'http://loinc.org', code: '8480-7' }, value: 1, unit: 'mm[Hg]' }],
    }),
  });
  await harness.drain();
  expect((await harness.write(approved)).state).toMatchObject({ name: 'committed' });
  const detail = await harness.inspect.write(approved, { kind: 'system', id: 'test' });
  expect(detail?.findings.map(({ rule, severity }) => `${severity} ${rule}`)).toEqual(['review note-unsafe-abbreviation']);
  expect((await harness.write(slipped)).state).toMatchObject({ name: 'held', hold: { code: 'finding-open' } });
});
