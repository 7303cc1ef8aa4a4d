import type { EngineDeps } from '../deps.ts';
import { preparedCheck } from '../dispatch/prepared.ts';
import { eventsOf } from '../event-source.ts';
import { rulesVersion } from './in-force.ts';
import { commitWrites, writeEntry } from '../write-commit.ts';
import type { Findings, SignedWrite } from '../../ports/inbound/index.ts';
import type { LedgerReader } from '../../ports/outbound/index.ts';
import {
  openFindings,
  personAt,
  signedFindings,
  signFinding,
  workspaceLog,
  type NamedFinding,
  type SigningBasis,
  type WriteRow,
  type WriteState,
} from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

type FindingDeps = Pick<EngineDeps, 'ledger' | 'clock' | 'checks'>;

/** The findings of a write's last check, with what was signed about each and still holds. */
export async function findingsOf(
  deps: Pick<FindingDeps, 'ledger'>,
  row: WriteRow,
): Promise<{ readonly named: readonly NamedFinding[]; readonly basis: SigningBasis }> {
  const checked = await preparedCheck(deps, row);
  const basis: SigningBasis = {
    contentSha256: row.contentSha256,
    contract: row.prepared?.contract ?? '',
    // A check of an earlier build did not say by which rules: nothing signed about it can be shown to hold.
    rules: checked?.rules ?? '',
  };
  return { named: signedFindings(checked?.findings ?? [], row.signatures, basis), basis };
}

/**
 * Why what was signed about the findings no longer carries the write, or `null`: other rules than those that made the
 * findings, a remark or stop without a signature that holds, a signer who may no longer sign. Asked just before sending.
 */
export async function findingsUnsigned(deps: FindingDeps, row: WriteRow, contract: string): Promise<string | null> {
  // What nobody looked at rests on what these rules and no others found.
  if (row.approval?.made === 'contract') {
    const { basis } = await findingsOf(deps, row);
    if (basis.rules !== (await rulesVersion(deps, row.tenant))) return 'the rules of the checks changed';
  }
  // What a source approved goes without signatures of its own; a stop would have held it at its check.
  if (row.approval?.made !== 'person' && (row.signatures ?? []).length === 0) return null;
  const { named, basis } = await findingsOf(deps, row);
  const serious = named.filter(({ finding }) => finding.severity !== 'information');
  if (serious.length === 0) return null;
  if (basis.rules !== (await rulesVersion(deps, row.tenant)) || basis.contract !== contract)
    return 'the rules of the checks or the contract changed';
  const open = openFindings(named).find(({ finding }) => finding.severity === 'stop' || row.approval?.made === 'person');
  if (open !== undefined) return `nobody has answered for ${open.name}`;
  for (const { signature } of serious) {
    if (signature === null) continue;
    const person = await deps.ledger.row('person', workspaceLog, signature.by);
    // Whether emergency access still stands in for the role is asked with the approval it was signed with.
    const stoodIn =
      row.approval?.emergency !== undefined && row.approval.by === signature.by && row.approval.role === signature.role;
    const roles = person?.active === true ? personAt(person, deps.clock.now()).roles : [];
    if (!roles.includes(signature.role) && !(stoodIn && person?.active === true))
      return `"${signature.by}" may no longer sign ${signature.rule}`;
  }
  return null;
}

/** Who approved the content where it came from, if the event says so. */
async function approvedAtSource(ledger: LedgerReader, row: WriteRow): Promise<string | null> {
  const events = eventsOf(ledger);
  const event = await events.eventAt(row.tenant, row.eventSeq);
  const known = await ledger.row('event', row.tenant, row.eventId);
  const approval = await events.approvalOf(known?.eventVersion === row.eventVersion ? known : undefined, event);
  return approval?.status === 'approved' ? approval.by.id : null;
}

/** Signing findings: remarks acknowledged, stops waived, each on record with who, why and for what. */
export function findings(deps: FindingDeps): Findings {
  const { ledger, clock } = deps;
  return {
    async of(id): Promise<SignedWrite | undefined> {
      const row = await ledger.findWrite(id);
      return row === undefined ? undefined : { row, findings: (await findingsOf(deps, row)).named };
    },

    async waiting() {
      const held = await ledger.writes({ states: ['held'], code: 'finding-open', limit: limits.claimBatchMax });
      const asked = await ledger.writes({ states: ['awaiting-approval'], limit: limits.claimBatchMax });
      const all = await Promise.all(
        [...held, ...asked].map(async (row) => ({ row, findings: (await findingsOf(deps, row)).named })),
      );
      return all.filter((one) => openFindings(one.findings).length > 0);
    },

    async sign(act, id, finding, reason, person, actor) {
      for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
        const row = await ledger.findWrite(id);
        if (row === undefined) return { ok: false, code: 'write-unknown', message: `there is no write "${id}"` };
        const { named, basis } = await findingsOf(deps, row);
        const now = clock.now();
        const decided = signFinding({
          ...{ row, named, basis, act, finding, reason, person, now },
          requestSha256: row.prepared?.sha256 ?? '',
          approvedAtSource: await approvedAtSource(ledger, row),
        });
        if (!decided.ok) return decided;
        const left = openFindings(named).filter((one) => one.name !== finding && one.finding.severity === 'stop');
        const lifted = row.state.name === 'held' && row.state.hold.code === 'finding-open' && left.length === 0;
        const moves: readonly WriteState[] = lifted && act === 'waive' ? [{ name: 'draft', nextAt: now, looks: 0 }] : [];
        const body = { id, moves, note: reason, signatures: [decided.signature] };
        const done = await commitWrites(ledger, [row], [writeEntry('write.finding-signed', row, now, actor, body)]);
        if (done.ok) return { ok: true, id, state: moves.at(-1)?.name ?? row.state.name, signature: decided.signature };
      }
      throw new Error(`write ${id} kept changing while a finding of it was signed`);
    },
  };
}
