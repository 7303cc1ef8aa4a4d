import { describe, expect, it } from 'vitest';
import { workspaceLog } from '../../../src-shared/domain/index.ts';
import type { Ledger } from '../../ports/outbound/index.ts';
import { engine, intake, moved, plannedWrite, received, source, stateOf, tested } from './fixtures.ts';
import { ids, type LedgerUnderContract } from './ledger-under-contract.ts';

export function readingContract(given: LedgerUnderContract): void {
  describe('I1 reading', () => {
    it('I1 gives entries back with all they were appended with', async () => {
      const person = { kind: 'person', id: 'dr-lee', role: 'clinician' } as const;
      await given.ledger.commit(intake([plannedWrite('w1', { patientKey: 'p1' })]));
      await given.ledger.commit({
        tenant: 'north',
        expected: [],
        entries: [{ ...moved(await given.write('w1'), [stateOf('withdrawn')], 2_500), actor: person }],
      });
      const entry = await given.ledger.entry('north', 1);
      expect(entry).toEqual({
        tenant: 'north',
        seq: 1,
        type: 'write.retried',
        stream: 'write/w1',
        at: 2_500,
        actor: person,
        correlation: 'w1',
        leafHash: expect.stringMatching(/^[0-9a-f]{64}$/),
        body: { id: 'w1', moves: [stateOf('withdrawn')] },
      });
      for (const [tenant, seq] of [
        ['north', 2],
        ['north', -1],
        ['north', 0.5],
        ['south', 0],
      ] as const)
        expect(await given.ledger.entry(tenant, seq)).toBeUndefined();
    });

    it('I1 keeps bodies of every size and script', async () => {
      const records = ['', 'x'.repeat(511), 'x'.repeat(512), 'Grüße 測試 😀 \u2028 "\\', 'line\n'.repeat(200_000)];
      for (const [n, record] of records.entries())
        await given.ledger.commit({ tenant: 'north', expected: [], entries: [received([plannedWrite(`w${n}`)], 1_000, record)] });
      for (const [n, record] of records.entries()) expect((await given.ledger.entry('north', n))?.body).toMatchObject({ record });
      expect((await given.ledger.verify()).problems).toEqual([]);
    });

    it('I1 lists entries by stream, patient and actor, oldest first', async () => {
      await given.ledger.commit(
        intake([
          plannedWrite('w1', { patientKey: 'p1', eventId: 'e1' }),
          plannedWrite('w2', { patientKey: 'p1', eventId: 'e1' }),
        ]),
      );
      await given.ledger.commit(intake([plannedWrite('w3', { patientKey: 'p2' })]));
      for (const id of ['w2', 'w3', 'w1', 'w2'])
        await given.step(id, stateOf((await given.write(id)).version === 1 ? 'validated' : 'withdrawn'));
      await given.ledger.commit({
        tenant: 'north',
        expected: [],
        entries: [{ ...tested('c1'), stream: 'write/w2', patientKey: 'p2' }],
      });
      const seqs = async (by: Parameters<Ledger['entries']>[1], limit = 100): Promise<number[]> =>
        (await given.ledger.entries('north', by, limit)).map((one) => one.seq);
      expect(await seqs({ stream: 'write/w2' })).toEqual([2, 5, 6]);
      expect(await seqs({ stream: 'event/e1' })).toEqual([0]);
      expect(await seqs({ patientKey: 'p1' })).toEqual([0, 2, 4, 5]);
      expect(await seqs({ patientKey: 'p2' })).toEqual([1, 3, 6]);
      expect(await seqs({ actor: engine.id })).toEqual([2, 3, 4, 5, 6]);
      expect(await seqs({ actor: source.id })).toEqual([0, 1]);
      expect(await seqs({ patientKey: 'p1' }, 2)).toEqual([0, 2]);
      expect(await seqs({ stream: 'nothing' })).toEqual([]);
      expect(await given.ledger.entries('south', { actor: engine.id }, 5)).toEqual([]);
    });

    it('A7 keeps the registries of the workspace', async () => {
      const person = { id: 'ops', name: 'Olga', roles: ['operator'], npi: null, active: true } as const;
      const registered = {
        name: 'scribe-7',
        tenants: null,
        types: ['note'],
        origin: 'ai',
        approvals: 'low',
        owner: 'ops',
        active: true,
      } as const;
      const connection = {
        name: 'practice',
        adapter: 'generic-r4',
        baseUrl: 'practice:plain',
        tenants: null,
        environment: 'practice',
        stage: 'limited-auto-write',
        baa: null,
        auth: { kind: 'none' },
        active: true,
      } as const;
      const common = { at: 1, actor: { kind: 'system', id: 'init' }, patientKey: null, correlation: 'init' } as const;
      const entries = [
        { ...common, type: 'workspace.created', stream: 'workspace', body: { site: 'site-1' } },
        { ...common, type: 'person.added', stream: 'person/ops', body: { person, secretVerifier: '$argon2id$x' } },
        { ...common, type: 'source.added', stream: 'source/scribe-7', body: { source: registered } },
        { ...common, type: 'connection.added', stream: 'connection/practice', body: { connection } },
        {
          ...common,
          type: 'connection.added',
          stream: 'connection/practice',
          body: { connection: { ...connection, active: false } },
        },
      ] as const;
      await given.ledger.commit({ tenant: workspaceLog, expected: [], entries });
      expect(await given.ledger.row('workspace', workspaceLog, 'workspace')).toEqual({
        version: 1,
        site: 'site-1',
        createdAt: 1,
      });
      expect(await given.ledger.rows('person')).toEqual([{ ...person, version: 1, secretVerifier: '$argon2id$x' }]);
      expect(await given.ledger.rows('source')).toEqual([{ ...registered, version: 1 }]);
      expect(await given.ledger.rows('connection')).toEqual([{ ...connection, active: false, version: 2 }]);
      expect(await given.ledger.tenants()).toEqual([]);
      expect((await given.ledger.verify()).problems).toEqual([]);
    });

    it('I1 pages through writes, newest first, missing none and repeating none', async () => {
      for (let n = 0; n < 7; n += 1) {
        const eventId = `e${n}`;
        const tenant = n % 2 === 0 ? 'north' : 'south';
        await given.ledger.commit(
          intake(
            [0, 1, 2].map((slot) => plannedWrite(`w${n}-${slot}`, { eventId, tenant })),
            1_000 + Math.floor(n / 3),
          ),
        );
      }
      const whole = ids(await given.ledger.writes({ limit: 100 }));
      expect(whole).toHaveLength(21);
      const paged: string[] = [];
      for (let after: string | undefined; ; after = paged.at(-1)) {
        const page = await given.ledger.writes({ limit: 4, ...(after === undefined ? {} : { after }) });
        if (page.length === 0) break;
        paged.push(...ids(page));
      }
      expect(paged).toEqual(whole);
      expect(ids(await given.ledger.writes({ limit: 3, group: 'e6' }))).toEqual(['w6-2', 'w6-1', 'w6-0']);
      expect(await given.ledger.writes({ limit: 0 })).toEqual([]);
      expect(await given.ledger.writes({ limit: 3, after: 'nobody' })).toEqual([]);
    });
  });

  describe('H2 checkpoints and verification', () => {
    it('H2 signs after so many entries, after so long, when asked, and at the end', async () => {
      const signed = async (): Promise<number> => (await given.ledger.verify()).checkpoints;
      for (let n = 0; n < 99; n += 1) await given.ledger.commit({ tenant: 'north', expected: [], entries: [tested('a')] });
      expect(await signed()).toBe(0);
      await given.ledger.commit({ tenant: 'north', expected: [], entries: [tested('a')] });
      expect(await signed()).toBe(1);
      given.store.clock.advance(59_999);
      await given.ledger.commit({ tenant: 'north', expected: [], entries: [tested('a')] });
      expect(await signed()).toBe(1);
      given.store.clock.advance(1);
      await given.ledger.commit({ tenant: 'north', expected: [], entries: [tested('a')] });
      expect(await signed()).toBe(2);
      await given.ledger.checkpoint();
      expect(await signed()).toBe(2);
      await given.ledger.commit({ tenant: 'south', expected: [], entries: [tested('a')] });
      await given.ledger.checkpoint();
      expect(await signed()).toBe(3);
      await given.ledger.commit({ tenant: 'south', expected: [], entries: [tested('a')] });
      await given.ledger.close();
      await given.reopen();
      expect(await given.ledger.verify()).toEqual({ ok: true, entries: 104, checkpoints: 4, erasedPayloads: 0, problems: [] });
    });

    it('H2 verification tells how far it is, and others may go on writing', async () => {
      for (let n = 0; n < 600; n += 100)
        await Promise.all(
          Array.from({ length: 100 }, () => given.ledger.commit({ tenant: 'north', expected: [], entries: [tested('a')] })),
        );
      const seen: [number, number][] = [];
      const [report] = await Promise.all([
        given.ledger.verify((done, total) => seen.push([done, total])),
        given.ledger.commit({ tenant: 'north', expected: [], entries: [tested('a')] }),
      ]);
      expect(report).toMatchObject({ ok: true });
      expect(seen.at(-1)).toEqual([report.entries, report.entries]);
      expect(seen.length).toBeGreaterThan(2);
    });
  });
}
