import type { EngineDeps } from '../deps.ts';
import { baaRegisterInForce, documentAt, houseContract, plainNumbers } from '../policy/in-force.ts';
import type { Governance, GovernanceOutcome } from '../../ports/inbound/index.ts';
import {
  decideApprovePolicy,
  decidePropose,
  phiFlows,
  policyKey,
  readPolicyDocument,
  approveAct,
  mayAct,
  workspaceLog,
  type Actor,
  type Person,
  type PolicyRefusal,
} from '../../../src-shared/domain/index.ts';
import { parseExact } from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

type GovernanceDeps = Pick<EngineDeps, 'ledger' | 'matrix' | 'consentPolicy' | 'clock' | 'random'>;

/** Changing the policies of a workspace (B1): each change proposed by one person and approved by another. */
export function governance(deps: GovernanceDeps): Governance {
  const { ledger, clock } = deps;

  return {
    async propose(text, reason, person, actor): Promise<GovernanceOutcome> {
      const parsed = parseExact(text, limits.jsonDepthMax);
      if (!parsed.ok) return refused('policy-invalid', parsed.fault.message);
      const read = readPolicyDocument(plainNumbers(parsed.value));
      if (!read.ok) return refused('policy-invalid', read.message);
      const { document } = read;
      const key = policyKey(document);
      const proposals = await ledger.rows('proposal');
      const before = await ledger.row('policy', workspaceLog, key);
      const current = before === undefined ? undefined : await documentAt(ledger, before.seq);
      const shipped = [deps.matrix, deps.consentPolicy].filter((one) => one.policy === document.policy);
      const decision = decidePropose({
        document,
        person,
        reason,
        contract: await houseContract(deps),
        current: current?.policy === 'override' ? current : undefined,
        usedVersions: [
          ...proposals.filter((one) => one.key === key && one.state !== 'refused').map((one) => one.documentVersion),
          ...shipped.map((one) => one.version),
        ],
      });
      if (!decision.ok) return decision;
      const id = deps.random.id();
      const { loosened } = decision;
      await ledger.commit({
        tenant: workspaceLog,
        expected: [{ kind: 'proposal', key: id, version: 0 }],
        entries: [
          {
            type: 'policy.proposed',
            stream: `policy/${key}`,
            at: clock.now(),
            actor,
            patientKey: null,
            correlation: id,
            body: { id, key, documentVersion: document.version, text, loosened, by: person.id, reason },
          },
        ],
      });
      return { ok: true, id, key, documentVersion: document.version, state: 'proposed', loosened };
    },

    approve: (id, meaning, person, actor) => decide(deps, id, 'approved', meaning, person, actor),
    refuse: (id, reason, person, actor) => decide(deps, id, 'refused', reason, person, actor),

    async show() {
      const [policies, proposals] = await Promise.all([ledger.rows('policy'), ledger.rows('proposal')]);
      return { policies, proposals };
    },

    async flows() {
      const [sources, connections, register] = await Promise.all([
        ledger.rows('source'),
        ledger.rows('connection'),
        baaRegisterInForce(ledger),
      ]);
      return phiFlows({ sources, connections, register, now: clock.now() });
    },
  };
}

function refused(code: PolicyRefusal, message: string): GovernanceOutcome {
  return { ok: false, code, message };
}

async function decide(
  deps: GovernanceDeps,
  id: string,
  decision: 'approved' | 'refused',
  words: string,
  person: Person,
  actor: Actor,
): Promise<GovernanceOutcome> {
  const { ledger, clock } = deps;
  for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
    const proposal = await ledger.row('proposal', workspaceLog, id);
    if (proposal === undefined) return refused('policy-unknown', `there is no proposal "${id}"`);
    const document = await documentAt(ledger, proposal.seq);
    if (words.trim() === '') return refused('reason-missing', 'say why');
    if (decision === 'approved') {
      const decided = decideApprovePolicy({ proposal, document, person, contract: await houseContract(deps) });
      if (!decided.ok) return decided;
    } else {
      // Taking back one's own proposal is no approval: nothing comes into force by it.
      if (proposal.state !== 'proposed') return refused('policy-decided', `it is ${proposal.state} already`);
      if (proposal.proposedBy !== person.id && !mayAct(person, approveAct(document)))
        return refused('role-forbids', `"${person.id}" may not decide on this kind of policy`);
    }
    const inForce = await ledger.row('policy', workspaceLog, proposal.key);
    const done = await ledger.commit({
      tenant: workspaceLog,
      expected: [
        { kind: 'proposal', key: id, version: proposal.version },
        { kind: 'policy', key: proposal.key, version: inForce?.version ?? 0 },
      ],
      entries: [
        {
          type: 'policy.decided',
          stream: `policy/${proposal.key}`,
          at: clock.now(),
          actor,
          patientKey: null,
          correlation: id,
          body: { id, decision, by: person.id, meaning: words },
        },
      ],
    });
    if (done.ok) {
      const { key, documentVersion, loosened } = proposal;
      return { ok: true, id, key, documentVersion, state: decision, loosened };
    }
  }
  throw new Error(`proposal ${id} kept changing while it was decided on`);
}
