import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { EhrGateway, FindQuery, SubjectQuery, WriteCommand } from '../../ports/outbound/index.ts';
import { writeIdentifierSystem, type PreparedRecord, type ResolvedRef } from '../../../src-shared/domain/index.ts';
import { asObject, stringifyExact, type ExactObject } from '../../../src-shared/fhir/index.ts';
import { requestSha256 } from '../kit/index.ts';
import { commandFor, factsWith, itemFrom, subjects } from './commands.ts';
import { sha256 } from './runtime.ts';

/** What can go wrong with the next request of its kind. */
export type ContractFault =
  /** A write is carried out and its answer never comes. */
  | 'lost-reply'
  /** A write never arrives; no answer either. */
  | 'never-arrived'
  /** A write is carried out and its answer breaks off. */
  | 'cut-answer'
  | 'accepted-only'
  | 'error-in-200'
  | 'login-page'
  /** A write is carried out and answered 201 without address and body. */
  | 'no-word'
  | 'unauthorized'
  | 'forbidden'
  /** 429, to be tried again in 7 seconds. */
  | 'rate-limit'
  | 'unavailable'
  /** `Observation.note` vanishes on the way into the chart. */
  | 'dropped-note'
  /** Searches answer with everything they have, by their own word unasked. */
  | 'ignored-search'
  /** Searches do not find what was written lately. */
  | 'search-lag'
  /** Writes are checked against R4 (not a fault: some servers do not check). */
  | 'validation';

/** An EHR under the contract: the gateway to it, and a hand behind the scenes. */
export interface ContractEhr {
  readonly gateway: EhrGateway;
  readonly can: ReadonlySet<ContractFault>;
  /** Puts a resource into the chart, under its own id where it has one; gives its version. */
  seed(resource: ExactObject): Promise<ResolvedRef>;
  /** Current resources of a type. */
  chart(type: string): Promise<readonly ExactObject[]>;
  goWrong(fault: ContractFault): Promise<void>;
  /** From here on nothing goes wrong any more. */
  heal(): Promise<void>;
  close(): Promise<void>;
}

const DEADLINE_MS = 5_000;
/** For requests that are never answered: long enough for one that is, on a busy machine. */
const SHORT_MS = 300;

const NOTE = itemFrom('{"note":{"title":"Visit","sections":[{"title":"Plan","text":"Rest, 2 × 500 mg."}]}}');
const WEIGHT = itemFrom(
  '{"observations":[{"code":{"system":"http://loinc.org","code":"29463-7"},"value":"81.00","unit":"kg","effectiveAt":"2026-03-02T09:02Z","note":"with shoes"}]}',
);
const MOVE = itemFrom('{"demographics":{"telecom":[{"system":"phone","value":"555-0199","use":"home"}]}}');

/** The one contract for adapters (J4): every adapter passes it against a server that stands for its EHR. */
export function gatewayContract(name: string, start: () => Promise<ContractEhr>, can: readonly ContractFault[]): void {
  describe(`gateway contract: ${name}`, () => {
    let ehr: ContractEhr;
    const faulty = (fault: ContractFault, title: string, run: () => Promise<void>): void => {
      if (can.includes(fault)) it(title, run);
    };

    beforeEach(async () => {
      ehr = await start();
      expect([...ehr.can].sort()).toEqual([...can].sort());
      for (const subject of subjects) await ehr.seed(subject);
    });
    afterEach(() => ehr.close());

    const prepare = (command: WriteCommand, facts = factsWith()): PreparedRecord => {
      const prepared = ehr.gateway.prepare(command, facts);
      if (prepared.outcome === 'refused') throw new Error(prepared.message);
      return prepared.request;
    };
    const weight = (): PreparedRecord => prepare(commandFor(WEIGHT));
    const findQuery = (command: WriteCommand, prepared: PreparedRecord, target: ResolvedRef | null = null): FindQuery => ({
      id: command.identity.id,
      prepared,
      resourceType: command.contract.resourceType,
      target,
      control: { resourceType: 'Patient', system: 'urn:mrn:north', value: '100234', reference: 'Patient/p1' },
    });
    const findWeight = () => ehr.gateway.find(findQuery(commandFor(WEIGHT), weight()));
    const lookUp = async (query: SubjectQuery) => {
      const outcome = await ehr.gateway.lookUp(query);
      return outcome.outcome === 'found' ? outcome.matches.map(({ reference }) => reference).sort() : outcome.code;
    };
    /** The patient as read, the request to change the telephone number, and how to look for it. */
    const move = async () => {
      const read = await ehr.gateway.read('Patient/p1');
      if (read.outcome !== 'read') throw new Error(read.outcome);
      const target = { reference: 'Patient/p1', versionId: read.match.versionId };
      const prepared = prepare(commandFor(MOVE), factsWith({ patient: target, target }, read.match));
      return { prepared, find: () => ehr.gateway.find(findQuery(commandFor(MOVE), prepared, target)), before: read.match };
    };
    const otherAuthor = async (before: ExactObject): Promise<void> => {
      await ehr.seed({ ...before, gender: 'other' });
    };

    describe('reading', () => {
      it('J2 the test of the connection tells the version and what the server declares', async () => {
        const report = await ehr.gateway.test();
        expect(report).toMatchObject({ ok: true, fhirVersion: expect.stringMatching(/^4\.0/) as string });
        expect(report.resources.Observation).toMatchObject({ create: true, read: true });
      });

      it('A1 finds each subject by identifier and by reference', async () => {
        const patient = { identifiers: [{ system: 'urn:mrn:north', value: '100234' }] };
        expect(await lookUp({ kind: 'patient', subject: patient })).toEqual(['Patient/p1']);
        expect(await lookUp({ kind: 'patient', subject: { reference: 'Patient/p1' } })).toEqual(['Patient/p1']);
        expect(
          await lookUp({
            kind: 'encounter',
            subject: { identifiers: [{ system: 'urn:visit:north', value: 'V-88' }] },
            patient: 'Patient/p1',
          }),
        ).toEqual(['Encounter/e1']);
        expect(
          await lookUp({
            kind: 'practitioner',
            subject: { identifiers: [{ system: 'http://hl7.org/fhir/sid/us-npi', value: '1234567893' }] },
          }),
        ).toEqual(['Practitioner/d1']);
        expect(
          await lookUp({ kind: 'organization', subject: { identifiers: [{ system: 'urn:org:north', value: 'north' }] } }),
        ).toEqual(['Organization/o1']);
      });

      it('A1 finds nobody where nobody is, and nothing outside the chart', async () => {
        expect(
          await lookUp({ kind: 'patient', subject: { identifiers: [{ system: 'urn:mrn:north', value: '100235' }] } }),
        ).toEqual([]);
        expect(
          await lookUp({ kind: 'patient', subject: { identifiers: [{ system: 'urn:mrn:south', value: '100234' }] } }),
        ).toEqual([]);
        for (const reference of ['Patient/none', 'Patient/..', 'Patient/.', 'Encounter/e1']) {
          expect(await lookUp({ kind: 'patient', subject: { reference } })).toEqual([]);
        }
      });

      it('A1 a reference has to carry the identifiers given with it', async () => {
        const subject = { reference: 'Patient/p1', identifiers: [{ system: 'urn:mrn:north', value: '999' }] };
        expect(await lookUp({ kind: 'patient', subject })).toEqual([]);
      });

      it('A1 two patients with one identifier are both shown', async () => {
        const identifier = [{ system: 'urn:mrn:north', value: '100234' }];
        const { reference } = await ehr.seed({ ...subjects[2], id: 'p2' });
        expect(await lookUp({ kind: 'patient', subject: { identifiers: identifier } })).toEqual(['Patient/p1', reference].sort());
      });

      it('A1 every identifier has to agree; those that name different patients show all of them', async () => {
        await ehr.seed({ resourceType: 'Patient', id: 'p3', identifier: [{ system: 'urn:mrn:south', value: '7' }] });
        const north = { system: 'urn:mrn:north', value: '100234' };
        expect(
          await lookUp({ kind: 'patient', subject: { identifiers: [north, { system: 'urn:mrn:south', value: '8' }] } }),
        ).toEqual([]);
        expect(
          await lookUp({ kind: 'patient', subject: { identifiers: [north, { system: 'urn:mrn:south', value: '7' }] } }),
        ).toEqual(['Patient/p1', 'Patient/p3']);
      });

      it('A1 an identifier full of separators matches itself and nothing else', async () => {
        const value = "a|b,c$d\\e&f=g#h?i'j %2f+é";
        await ehr.seed({ resourceType: 'Patient', id: 'p4', identifier: [{ system: 'urn:odd|sys,tem', value }] });
        expect(await lookUp({ kind: 'patient', subject: { identifiers: [{ system: 'urn:odd|sys,tem', value }] } })).toEqual([
          'Patient/p4',
        ]);
        expect(
          await lookUp({ kind: 'patient', subject: { identifiers: [{ system: 'urn:odd', value: `100234,${value}` }] } }),
        ).toEqual([]);
      });

      faulty('ignored-search', 'C4 a search that ignores its parameter is not believed', async () => {
        await ehr.goWrong('ignored-search');
        expect(await lookUp({ kind: 'patient', subject: { identifiers: [{ system: 'urn:mrn:north', value: '100234' }] } })).toBe(
          'look-up-not-trusted',
        );
      });

      it('C7 what is not there is gone, what is no reference is refused', async () => {
        expect(await ehr.gateway.read('Observation/none')).toMatchObject({ outcome: 'gone' });
        expect(await ehr.gateway.read('Observation/..')).toMatchObject({
          outcome: 'failed',
          code: 'invariant-broken',
          exchange: [],
        });
      });
    });

    describe('creating', () => {
      it('C1 a write lands once, is read back, and equals what was sent', async () => {
        for (const command of [commandFor(NOTE), commandFor(WEIGHT)]) {
          const prepared = prepare(command);
          const sent = await ehr.gateway.send(prepared, DEADLINE_MS);
          if (sent.outcome !== 'applied') throw new Error(JSON.stringify(sent));
          expect(sent.landing).toBe('charted');
          const read = await ehr.gateway.read(sent.ref.reference);
          if (read.outcome !== 'read') throw new Error(read.outcome);
          expect(read.match.versionId).toBe(sent.ref.versionId);
          expect(ehr.gateway.compare(prepared, read.match.resource)).toMatchObject({ differences: [] });
          expect(await ehr.chart(command.contract.resourceType)).toHaveLength(1);
          expect(sent.exchange).toMatchObject([{ method: 'POST', requestSha256: prepared.sha256, fault: null }]);
        }
      });

      it('C7 the digits of a measurement survive the whole way', async () => {
        await ehr.gateway.send(weight(), DEADLINE_MS);
        const [charted] = await ehr.chart('Observation');
        expect(stringifyExact(asObject(charted?.valueQuantity)?.value ?? null)).toBe('81.00');
      });

      it('C1 sent again, it is the entry that is there, not a second one', async () => {
        const first = await ehr.gateway.send(weight(), DEADLINE_MS);
        const second = await ehr.gateway.send(weight(), DEADLINE_MS);
        expect(first.outcome).toBe('applied');
        expect(second).toMatchObject({ outcome: 'applied', ref: first.outcome === 'applied' ? first.ref : {} });
        expect(await ehr.chart('Observation')).toHaveLength(1);
      });

      it('C4 looked for before it was sent it is absent, afterwards present', async () => {
        expect(await findWeight()).toMatchObject({ outcome: 'absent' });
        const sent = await ehr.gateway.send(weight(), DEADLINE_MS);
        expect(await findWeight()).toMatchObject({ outcome: 'present', match: sent.outcome === 'applied' ? sent.ref : {} });
      });

      it('C4 two entries with its identifier: nothing is added, and both are shown', async () => {
        const { id } = commandFor(WEIGHT).identity;
        const identifier = [{ system: writeIdentifierSystem, value: id }];
        const copy = {
          resourceType: 'Observation',
          status: 'final',
          code: { text: 'x' },
          subject: { reference: 'Patient/p1' },
          identifier,
        };
        await ehr.seed(copy);
        await ehr.seed(copy);
        expect(await ehr.gateway.send(weight(), DEADLINE_MS)).toMatchObject({ outcome: 'conflict', code: 'several-match' });
        expect(await findWeight()).toMatchObject({ outcome: 'duplicate', matches: [{}, {}] });
        expect(await ehr.chart('Observation')).toHaveLength(2);
      });

      it('G4 a request that is not the approved one is not sent', async () => {
        const prepared = weight();
        const tampered = { ...prepared, body: prepared.body.replace('81.00', '18.00') };
        expect(await ehr.gateway.send(tampered, DEADLINE_MS)).toMatchObject({
          outcome: 'refused',
          code: 'invariant-broken',
          exchange: [],
        });
        expect(await ehr.gateway.send({ ...prepared, adapter: 'other/1' }, DEADLINE_MS)).toMatchObject({
          outcome: 'refused',
          code: 'approval-void',
        });
        expect(await ehr.chart('Observation')).toEqual([]);
      });

      faulty('validation', 'F1 what the EHR finds invalid is refused in its own words', async () => {
        const { sha256: _, ...prepared } = weight();
        const request = { ...prepared, body: prepared.body.replace('"status":"final"', '"status":"banana"') };
        const refused = await ehr.gateway.send({ ...request, sha256: requestSha256(sha256, request) }, DEADLINE_MS);
        expect(refused).toMatchObject({
          outcome: 'refused',
          code: 'ehr-rejected',
          message: expect.stringContaining('status') as string,
        });
        expect(await ehr.chart('Observation')).toEqual([]);
      });
    });

    describe('changing', () => {
      it('D2 a change of the version that was read is made, and is seen', async () => {
        const { prepared, find, before } = await move();
        expect(await find()).toMatchObject({ outcome: 'absent' });
        // Even when nobody remembers what it was based on: the request itself says so.
        const forgotten = findQuery(commandFor(MOVE), prepared, null);
        expect(await ehr.gateway.find(forgotten)).toMatchObject({ outcome: 'absent' });
        const sent = await ehr.gateway.send(prepared, DEADLINE_MS);
        if (sent.outcome !== 'applied') throw new Error(JSON.stringify(sent));
        expect(await ehr.gateway.find(forgotten)).toMatchObject({ outcome: 'present' });
        expect(sent.ref.reference).toBe('Patient/p1');
        expect(sent.ref.versionId).not.toBe(before.versionId);
        const read = await ehr.gateway.read('Patient/p1');
        if (read.outcome !== 'read') throw new Error(read.outcome);
        expect(ehr.gateway.compare(prepared, read.match.resource)).toMatchObject({ differences: [] });
        expect(read.match.resource).toMatchObject({ birthDate: '1967-02-11', telecom: [{ value: '555-0199' }] });
        expect(await find()).toMatchObject({ outcome: 'present' });
      });

      it('D2 a change of an older version overwrites nothing', async () => {
        const { prepared, find, before } = await move();
        await otherAuthor(before.resource);
        expect(await ehr.gateway.send(prepared, DEADLINE_MS)).toMatchObject({ outcome: 'conflict', code: 'version-conflict' });
        expect(await find()).toMatchObject({ outcome: 'moved', match: { reference: 'Patient/p1' } });
        const [patient] = (await ehr.chart('Patient')).filter(({ id }) => id === 'p1');
        expect(patient).toMatchObject({ gender: 'other', telecom: [{ value: '555-0100' }] });
      });

      it('C4 a change that somebody else wrote over afterwards is found in the history', async () => {
        const { prepared, find, before } = await move();
        const sent = await ehr.gateway.send(prepared, DEADLINE_MS);
        await otherAuthor(before.resource);
        expect(await find()).toMatchObject({
          outcome: 'present',
          match: { versionId: sent.outcome === 'applied' ? sent.ref.versionId : '' },
        });
        expect((await ehr.gateway.send(prepared, DEADLINE_MS)).outcome).toBe('conflict');
      });

      faulty('lost-reply', 'C4 a change whose answer was lost is found', async () => {
        const { prepared, find } = await move();
        await ehr.goWrong('lost-reply');
        expect(await ehr.gateway.send(prepared, SHORT_MS)).toMatchObject({ outcome: 'unknown' });
        await ehr.heal();
        expect(await find()).toMatchObject({ outcome: 'present' });
      });
    });

    describe('marking as entered in error', () => {
      const marked = async () => {
        const sent = await ehr.gateway.send(weight(), DEADLINE_MS);
        if (sent.outcome !== 'applied') throw new Error(sent.outcome);
        const read = await ehr.gateway.read(sent.ref.reference);
        if (read.outcome !== 'read' || ehr.gateway.markAsError === undefined) throw new Error('nothing to mark');
        const prepared = ehr.gateway.markAsError({ id: 'the-mark', contract: 'default-1' }, read.match);
        if (prepared.outcome === 'refused') throw new Error(prepared.message);
        const { request } = prepared;
        const find = () =>
          ehr.gateway.find({ id: 'the-mark', prepared: request, resourceType: 'Observation', target: null, control: null });
        return { before: read.match, request, find };
      };

      it('E2 the entry becomes a next version with the mark, and everything else stands as it was', async () => {
        const { before, request, find } = await marked();
        expect(await find()).toMatchObject({ outcome: 'absent' });
        expect(await ehr.gateway.send(request, DEADLINE_MS)).toMatchObject({ outcome: 'applied' });
        expect(await find()).toMatchObject({ outcome: 'present', match: { reference: before.reference } });
        const now = await ehr.gateway.read(before.reference);
        if (now.outcome !== 'read') throw new Error(now.outcome);
        expect(ehr.gateway.compare(request, now.match.resource).differences).toEqual([]);
        expect(now.match.versionId).not.toBe(before.versionId);
        const { meta: _before, ...written } = before.resource;
        const { meta: _now, ...stands } = now.match.resource;
        expect(stands).toEqual({ ...written, status: 'entered-in-error' });
        expect(await ehr.chart('Observation')).toHaveLength(1);
      });

      it('E2 D2 an entry that somebody has changed meanwhile is not marked', async () => {
        const { before, request, find } = await marked();
        await ehr.seed({ ...before.resource, status: 'amended' });
        expect(await ehr.gateway.send(request, DEADLINE_MS)).toMatchObject({ outcome: 'conflict' });
        expect(await find()).toMatchObject({ outcome: 'moved' });
        expect(await ehr.chart('Observation')).toMatchObject([{ status: 'amended' }]);
      });
    });

    describe('what can go wrong', () => {
      const unknown: readonly (readonly [fault: ContractFault, code: string, charted: boolean])[] = [
        ['lost-reply', 'reply-l', true],
        ['never-arrived', 'reply-l', false],
        ['cut-answer', 'reply-', true],
        ['accepted-only', 'accepted-only', false],
        ['error-in-200', 'reply-unclear', false],
        ['login-page', 'reply-unclear', false],
        ['no-word', 'reply-unclear', true],
        ['unavailable', 'reply-unclear', false],
      ];
      for (const [fault, code, charted] of unknown) {
        faulty(fault, `C4 ${fault}: not known, and settled by looking`, async () => {
          await ehr.goWrong(fault);
          const sent = await ehr.gateway.send(
            weight(),
            fault === 'lost-reply' || fault === 'never-arrived' ? SHORT_MS : DEADLINE_MS,
          );
          expect(sent).toMatchObject({ outcome: 'unknown', code: expect.stringMatching(new RegExp(`^${code}`)) as string });
          await ehr.heal();
          expect(await findWeight()).toMatchObject({ outcome: charted ? 'present' : 'absent' });
          expect(await ehr.chart('Observation')).toHaveLength(charted ? 1 : 0);
        });
      }

      faulty('unauthorized', 'G6 a sign-in that has run out: nothing was written', async () => {
        await ehr.goWrong('unauthorized');
        expect(await ehr.gateway.send(weight(), DEADLINE_MS)).toMatchObject({ outcome: 'refused', code: 'sign-in-needed' });
        expect(await ehr.chart('Observation')).toEqual([]);
      });

      faulty('forbidden', 'G6 no permission: nothing was written', async () => {
        await ehr.goWrong('forbidden');
        expect(await ehr.gateway.send(weight(), DEADLINE_MS)).toMatchObject({ outcome: 'refused', code: 'permission-denied' });
        expect(await ehr.chart('Observation')).toEqual([]);
      });

      faulty('rate-limit', 'C6 too many requests: nothing was written, and the EHR says when', async () => {
        await ehr.goWrong('rate-limit');
        expect(await ehr.gateway.send(weight(), DEADLINE_MS)).toMatchObject({
          outcome: 'throttled',
          code: 'ehr-rate-limit',
          retryAfterMs: 7_000,
        });
        expect(await ehr.chart('Observation')).toEqual([]);
      });

      faulty('dropped-note', 'C7 an element that was silently dropped is seen', async () => {
        await ehr.goWrong('dropped-note');
        const prepared = weight();
        const sent = await ehr.gateway.send(prepared, DEADLINE_MS);
        if (sent.outcome !== 'applied') throw new Error(sent.outcome);
        const read = await ehr.gateway.read(sent.ref.reference);
        if (read.outcome !== 'read') throw new Error(read.outcome);
        expect(ehr.gateway.compare(prepared, read.match.resource).differences).toMatchObject([
          { path: 'Observation.note', kind: 'missing' },
        ]);
      });

      faulty('ignored-search', 'C4 absence is not read off a search that ignores its parameter', async () => {
        await ehr.seed({
          resourceType: 'Observation',
          status: 'final',
          code: { text: 'x' },
          subject: { reference: 'Patient/p1' },
        });
        await ehr.goWrong('ignored-search');
        expect(await findWeight()).toMatchObject({ outcome: 'inconclusive', code: 'search-not-trusted' });
      });

      faulty('search-lag', 'C4 one look that finds nothing is a look, not a proof', async () => {
        await ehr.goWrong('search-lag');
        expect(await ehr.gateway.send(weight(), DEADLINE_MS)).toMatchObject({ outcome: 'applied' });
        expect(await findWeight()).toMatchObject({ outcome: 'absent' });
        expect(await ehr.chart('Observation')).toHaveLength(1);
      });
    });
  });
}
