import type { EngineDeps } from '../deps.ts';
import { stoppedBy } from '../dispatch/stop.ts';
import { commitWrites, writeEntry } from '../write-commit.ts';
import { findingsOf } from './findings.ts';
import { contractFor } from './in-force.ts';
import { commitWithEarlier } from './supersede.ts';
import type { DecisionOutcome, PeopleDecide } from '../../ports/inbound/index.ts';
import type { EntryDraft, Expected } from '../../ports/outbound/index.ts';
import {
  acknowledgeAll,
  approve,
  attestAbsent,
  attestFound,
  contractRow,
  emergencyFor,
  reject,
  resolve,
  retry,
  select,
  stepUp,
  withdraw,
  type Actor,
  type Decision,
  type Person,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

type DecideDeps = Pick<EngineDeps, 'ledger' | 'matrix' | 'consentPolicy' | 'clock' | 'gateways'>;
type DecisionEntry = 'write.approved' | 'write.rejected' | 'write.retried' | 'write.withdrawn' | 'write.resolved';

/** Decisions of people on a write. Who may take which is checked by the caller's session and again by the domain. */
export function peopleDecide(deps: DecideDeps): PeopleDecide {
  const { clock } = deps;
  return {
    approve: async (id, person, meaning, seenSha256, acknowledged = [], signedInAgeMs = 0) => {
      const seen = await deps.ledger.findWrite(id);
      const frozen = seen === undefined ? undefined : await stoppedBy(deps.ledger, seen, 'approvals');
      const matrix = seen === undefined ? deps.matrix : await contractFor(deps, seen.tenant, seen.connection);
      const rests: Expected[] = [];
      const asked = async (row: WriteRow): Promise<Decision> => {
        const now = clock.now();
        const access = emergencyFor(person, row, await deps.ledger.rows('emergency'), now);
        rests.splice(
          0,
          1,
          ...(access === undefined ? [] : [{ kind: 'emergency', key: access.id, version: access.version } as const]),
        );
        const contract = contractRow(matrix, row.kind);
        const decided = approve(row, person, contract, seenSha256, meaning, now, frozen, access);
        if (!decided.ok) return decided;
        const fresh = stepUp(contract.tier, signedInAgeMs);
        if (fresh !== null) return fresh;
        const { named, basis } = await findingsOf(deps, row);
        const acting = access === undefined ? person : { ...person, roles: [...person.roles, access.role] };
        const signed = acknowledgeAll({
          ...{ named, basis, person: acting, now, acknowledged },
          requestSha256: seenSha256,
          reason: meaning,
        });
        return signed.ok ? { ...decided, signatures: signed.signatures } : signed;
      };
      return decide(deps, id, person, 'write.approved', asked, undefined, rests);
    },
    select: (id, person, reason) => selectBlocked(deps, id, person, reason),
    reject: (id, person, reason) => decide(deps, id, person, 'write.rejected', (row) => reject(row, reason), reason),
    retry: (id, person) => decide(deps, id, person, 'write.retried', (row) => retry(row, clock.now())),
    withdraw: (id, person, reason) =>
      decide(deps, id, person, 'write.withdrawn', (row) => withdraw(row, person.id, reason, clock.now()), reason),
    resolve: (id, person, note) =>
      decide(deps, id, person, 'write.resolved', (row) => resolve(row, person.id, note, clock.now()), note),
    attestAbsent: (id, person, note) =>
      decide(deps, id, person, 'write.resolved', (row) => attestAbsent(row, note, clock.now()), note),
    attestFound: async (id, person, reference, note) => {
      const row = await deps.ledger.findWrite(id);
      if (row === undefined) return unknownWrite(id);
      const gateway = await deps.gateways.open(row.connection);
      if ('refused' in gateway) return { ok: false, code: 'state-forbids', message: gateway.message };
      const read = await gateway.read(reference);
      if (read.outcome !== 'read')
        return { ok: false, code: 'state-forbids', message: `${reference} could not be read from the EHR` };
      const found = { reference: read.match.reference, versionId: read.match.versionId, landing: 'charted' as const };
      return decide(deps, id, person, 'write.resolved', (now) => attestFound(now, found, person.id, note, clock.now()), note);
    },
  };
}

async function selectBlocked(deps: DecideDeps, id: string, person: Person, reason: string): Promise<DecisionOutcome> {
  const { ledger, clock } = deps;
  for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
    const row = await ledger.findWrite(id);
    if (row === undefined) return unknownWrite(id);
    const matrix = await contractFor(deps, row.tenant, row.connection);
    const event = await ledger.row('event', row.tenant, row.eventId);
    const newest = event?.eventVersion ?? row.eventVersion;
    const now = clock.now();
    const decided = select(row, person, contractRow(matrix, row.kind), matrix.version, newest, reason, now);
    if (!decided.ok) return decided;
    const { moves, selection } = decided;
    const actor: Actor = { kind: 'person', id: person.id, role: selection.role };
    const entry = writeEntry('write.selected', row, now, actor, { id, moves, selection, note: reason });
    if ((await commitWrites(ledger, [row], [entry])).ok) return { ok: true, id, state: 'draft' };
  }
  throw new Error(`write ${id} kept changing while it was selected`);
}

function unknownWrite(id: string): DecisionOutcome {
  return { ok: false, code: 'write-unknown', message: `there is no write "${id}"` };
}

async function decide(
  deps: DecideDeps,
  id: string,
  person: Person,
  type: DecisionEntry,
  decision: (row: WriteRow) => Decision | Promise<Decision>,
  note?: string,
  rests: readonly Expected[] = [],
): Promise<DecisionOutcome> {
  for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
    const row = await deps.ledger.findWrite(id);
    if (row === undefined) return unknownWrite(id);
    const decided = await decision(row);
    if (!decided.ok) return decided;
    const now = deps.clock.now();
    const actor: Actor = { kind: 'person', id: person.id, role: decided.approval?.role ?? person.roles[0] ?? 'operator' };
    const approval = decided.approval === undefined ? {} : { approval: decided.approval };
    const signed = decided.signatures === undefined || decided.signatures.length === 0 ? {} : { signatures: decided.signatures };
    const words = note === undefined ? signed : { note, ...signed };
    // The first of two approvals ends nothing yet.
    const ends = type === 'write.approved' ? 'approved' : null;
    const entry: EntryDraft = writeEntry(type, row, now, actor, { id, moves: decided.moves, ...words, ...approval });
    const done = await commitWithEarlier(
      deps.ledger,
      row,
      entry,
      decided.moves.at(-1)?.name === 'pending' ? ends : null,
      now,
      actor,
      rests,
    );
    const last = decided.moves.at(-1);
    if (done && last !== undefined) return { ok: true, id, state: last.name };
  }
  throw new Error(`write ${id} kept changing while it was decided on`);
}
