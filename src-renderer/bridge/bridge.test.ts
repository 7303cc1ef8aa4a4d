import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Notice } from '../../src-shared/contract/index.ts';
import { CallError, createClient } from './client.ts';
import { lineReader, reconnectDelayMs } from './lines.ts';
import { codeInFragment } from './local-console.ts';
import { gather, outdates } from './refresh.ts';
import { type Transport, TransportError } from './transport.ts';

const ID = 'abcdefghijklmnop';
const OTHER = 'ponmlkjihgfedcba';

function transport(call: Transport['call']): Transport & { tell(notice: unknown): void; readonly listening: number } {
  const listeners = new Set<(notice: unknown) => void>();
  return {
    call,
    onNotice(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onLink: () => () => undefined,
    tell(notice) {
      for (const listener of listeners) listener(notice);
    },
    get listening() {
      return listeners.size;
    },
  };
}

async function failureOf(promise: Promise<unknown>) {
  const error: unknown = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof CallError)) throw new Error(`not a CallError: ${String(error)}`);
  return error.failure;
}

describe('I1 the client of the bridge', () => {
  it('gives the value that the contract promises', async () => {
    const client = createClient(transport(async () => ({ ok: true, value: null })));
    expect(await client.call('session.me', {})).toBeNull();
  });

  it('throws a refusal with its words', async () => {
    const failure = { code: 'role-forbids', message: 'No.', chart: 'unchanged', next: 'Ask.', correlation: 'c1' } as const;
    const client = createClient(transport(async () => ({ ok: false, failure })));
    expect(await failureOf(client.call('engine.pause', {}))).toEqual(failure);
  });

  it.each([undefined, 'text', { ok: true, value: { more: 1 } }, { ok: true, value: {}, extra: 1 }, { ok: false }])(
    'does not believe an answer of another shape: %j',
    async (answer) => {
      const client = createClient(transport(async () => answer));
      const failure = await failureOf(client.call('session.lock', {}));
      expect(failure).toMatchObject({ code: 'internal', message: expect.stringContaining('session.lock') as string });
    },
  );

  it('says of an act whose answer got lost that the chart may have changed', async () => {
    const client = createClient(
      transport(async () => {
        throw new TransportError('Gone.', 'Start it.');
      }),
    );
    expect(await failureOf(client.call('write.retry', { id: ID }))).toMatchObject({
      code: 'unreachable',
      chart: 'may-have-changed',
      message: 'Gone.',
      next: 'Start it.',
    });
    expect(await failureOf(client.call('frame.read', {}))).toMatchObject({ code: 'unreachable', chart: 'unchanged' });
  });

  it('opens one stream of notices for all who listen, and drops what is none', () => {
    const wire = transport(async () => null);
    const client = createClient(wire);
    const heard: Notice[] = [];
    const ends = [client.onNotice((notice) => heard.push(notice)), client.onNotice((notice) => heard.push(notice))];
    expect(wire.listening).toBe(1);
    wire.tell({ kind: 'frame' });
    wire.tell({ kind: 'frame', patient: 'Campbell' });
    expect(heard).toEqual([{ kind: 'frame' }, { kind: 'frame' }]);
    for (const end of ends) end();
    expect(wire.listening).toBe(0);
    client.onNotice((notice) => heard.push(notice));
    expect(wire.listening).toBe(1);
  });
});

describe('I1 answers that a notice makes old', () => {
  const ledger = (writes: string[] | null): Notice => ({ kind: 'ledger', revision: 1, writes });

  it.each([
    ['every list after any entry', ledger([OTHER]), 'queue.page', {}, true],
    ['a write that moved', ledger([ID]), 'write.read', { id: ID }, true],
    ['not a write that did not', ledger([OTHER]), 'write.read', { id: ID }, false],
    ['every write when it is not known which moved', ledger(null), 'write.read', { id: ID }, true],
    ['never a look at the chart', ledger(null), 'write.chart-now', { id: ID }, false],
    ['never the large texts', ledger(null), 'write.texts', { id: ID }, false],
    ['the frame', { kind: 'frame' }, 'frame.read', {}, true],
    ['the job that is told of', { kind: 'job', job: 'a' }, 'log.job', { job: 'a' }, true],
    ['no other job', { kind: 'job', job: 'a' }, 'log.job', { job: 'b' }, false],
    ['nothing when the session ends', { kind: 'session', state: 'locked' }, 'frame.read', {}, false],
  ] as const)('%s', (_case, notice, method, request, expected) => {
    expect(outdates(notice, method, request)).toBe(expected);
  });

  it('are gathered: notices of the ledger become one that names all', () => {
    const gathered = [ledger([ID]), { kind: 'frame' } as const, ledger([OTHER, ID]), { kind: 'frame' } as const].reduce<
      readonly Notice[]
    >(gather, []);
    expect(gathered).toEqual([ledger([ID, OTHER]), { kind: 'frame' }]);
    expect(gather([ledger([ID])], ledger(null))).toEqual([ledger(null)]);
  });
});

describe('I1 the bridge of the local console', () => {
  it('reads whole lines however they were cut', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[a-z{}:"]{1,8}$/)), fc.array(fc.nat(9)), (lines, cuts) => {
        const read = lineReader();
        const text = lines.map((line) => `${line}\n`).join('\n');
        const got: string[] = [];
        let from = 0;
        for (const cut of [...cuts, text.length]) {
          got.push(...read(text.slice(from, from + cut)));
          from += cut;
        }
        expect(got).toEqual(lines);
      }),
    );
  });

  it('waits longer after each failure, to ten seconds', () => {
    expect([0, 1, 2, 9, 1_000].map(reconnectDelayMs)).toEqual([500, 1_000, 2_000, 10_000, 10_000]);
  });

  it.each([
    ['#code=abc-DEF_123', 'abc-DEF_123'],
    ['#/today', null],
    ['#code=', null],
    ['#code=a b c d', null],
    ['', null],
  ])('finds the code in %j', (fragment, expected) => {
    expect(codeInFragment(fragment)).toBe(expected);
  });
});
