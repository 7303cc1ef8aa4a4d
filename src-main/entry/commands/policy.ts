import { readFileSync } from 'node:fs';
import { CommandFailure, printable } from '../console-io.ts';
import type { Output } from '../outputs.ts';
import { withPerson, type CommandContext, type PersonSession } from '../session.ts';
import { isoTime } from '../views.ts';
import { consents, explainPolicy, gates, governance } from '../../engine/index.ts';
import type { GovernanceOutcome } from '../../ports/inbound/index.ts';
import {
  cellWords,
  checklist,
  checklistItems,
  consentResource,
  signatoryNames,
  stageScopeWords,
  type Act,
  type Criterion,
  type Signatory,
} from '../../../src-shared/domain/index.ts';
import { stringifyExact } from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** Policies: why a write went or did not, what is in force, and changing it with two people. */

export function policyExplain(context: CommandContext, id: string): Promise<number> {
  return withPerson(context, 'write.read', async ({ deps, actor }) => {
    const found = await explainPolicy(deps)(id, actor);
    if (found === undefined) throw new CommandFailure(2, 'write-unknown', `There is no write "${printable(id)}".`);
    const { kind, resource, mode, tier, approvers, persons, merge, rollback, audit, reason } = found.contract;
    const output: Output<'policy-explain'> = {
      id,
      state: found.state,
      verdict: found.verdict,
      because: found.because,
      code: found.code,
      contract: {
        version: found.contractVersion,
        ...{ kind, resource, mode, tier, persons, merge, rollback, audit, reason },
        approvers: [...approvers],
      },
      consent: found.consent,
      consentWhenChecked: found.consentWhenChecked,
      consentWhenSent: found.consentWhenSent,
      steps: found.steps.map((one) => ({ ...one })),
    };
    const lines = [
      `${id} is ${found.state}. It ${VERDICTS[found.verdict]}: ${printable(found.because)}`,
      ...found.steps.map((one) => `  ${one.outcome.padEnd(9)} ${one.rule.padEnd(11)} ${printable(one.words)}`),
    ];
    if (found.consentWhenSent !== null)
      lines.push(`  When it was sent, consent was ${found.consentWhenSent.result} by ${found.consentWhenSent.rule}.`);
    context.io.result('policy-explain', output, lines.join('\n'));
    return 0;
  });
}

const VERDICTS = {
  went: 'went',
  goes: 'goes',
  waits: 'waits',
  stopped: 'was stopped',
  ended: 'has ended',
} as const;

/** A file that a person names; policies and consents are small. */
export function readDocument(file: string): string {
  try {
    const bytes = readFileSync(file);
    if (bytes.length > limits.policyBytesMax)
      throw new CommandFailure(2, 'file-too-large', `${printable(file)} is larger than ${limits.policyBytesMax} bytes.`);
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(
      2,
      'file-unreadable',
      `${printable(file)} cannot be read as text: ${error instanceof Error ? error.message : ''}`,
    );
  }
}

function changed(
  name: 'policy-propose' | 'policy-approve' | 'policy-refuse',
  act: Act,
  use: (session: PersonSession) => Promise<GovernanceOutcome>,
) {
  return (context: CommandContext): Promise<number> =>
    withPerson(context, act, async (session) => {
      const outcome = await use(session);
      if (!outcome.ok)
        throw new CommandFailure(
          outcome.code === 'policy-unknown' ? 2 : 1,
          outcome.code,
          `Not done: ${printable(outcome.message)}. What is in force stays in force.`,
        );
      const { id, key, documentVersion, state, loosened } = outcome;
      const loose = loosened.length === 0 ? '' : ` It loosens: ${printable(cellWords(loosened))}.`;
      context.io.result(
        name,
        { id, policy: key, version: documentVersion, state, loosened: loosened.map((one) => ({ ...one })) },
        `${key} ${printable(documentVersion)} is ${state} (${id}).${loose}${state === 'proposed' ? ' Another person has to approve it.' : ''}`,
      );
      return 0;
    });
}

export const policyPropose = (context: CommandContext, file: string, reason: string): Promise<number> =>
  changed('policy-propose', 'policy.propose', ({ deps, person, actor }) =>
    governance(deps).propose(readDocument(file), reason, person, actor),
  )(context);

export const policyApprove = (context: CommandContext, id: string, meaning: string): Promise<number> =>
  changed('policy-approve', 'policy.approve', ({ deps, person, actor }) => governance(deps).approve(id, meaning, person, actor))(
    context,
  );

export const policyRefuse = (context: CommandContext, id: string, reason: string): Promise<number> =>
  changed('policy-refuse', 'policy.propose', ({ deps, person, actor }) => governance(deps).refuse(id, reason, person, actor))(
    context,
  );

export function policyShow(context: CommandContext): Promise<number> {
  return withPerson(context, 'policy.read', async ({ deps }) => {
    const { policies, proposals } = await governance(deps).show();
    const inForce: Output<'policy-show'>['inForce'] = policies.map((row) => ({
      policy: row.key,
      version: row.documentVersion,
      shipped: false,
      proposedBy: row.proposedBy,
      approvedBy: row.approvedBy,
      effectiveFrom: isoTime(row.effectiveFrom),
    }));
    for (const shipped of [deps.matrix, deps.consentPolicy]) {
      if (policies.some((row) => row.key === shipped.policy)) continue;
      const nobody = { proposedBy: null, approvedBy: null, effectiveFrom: null };
      inForce.push({ policy: shipped.policy, version: shipped.version, shipped: true, ...nobody });
    }
    const output = {
      inForce,
      proposals: proposals.map((row) => ({
        id: row.id,
        policy: row.key,
        version: row.documentVersion,
        state: row.state,
        loosened: row.loosened.map((one) => ({ ...one })),
        proposedBy: row.proposedBy,
        proposedAt: isoTime(row.proposedAt),
        reason: row.reason,
        decidedBy: row.decidedBy,
        decidedAt: row.decidedAt === null ? null : isoTime(row.decidedAt),
      })),
    };
    const lines = [
      ...inForce.map(
        (one) =>
          `in force  ${one.policy}  ${printable(one.version)}  ${one.shipped ? 'as shipped' : `approved by ${one.approvedBy ?? ''} on ${one.effectiveFrom ?? ''}`}`,
      ),
      ...output.proposals.map(
        (one) =>
          `${one.state.padEnd(9)} ${one.policy}  ${printable(one.version)}  by ${one.proposedBy}: ${printable(one.reason)}  (${one.id})`,
      ),
    ];
    context.io.result('policy-show', output, lines.join('\n'));
    return 0;
  });
}

export function policyFlow(context: CommandContext): Promise<number> {
  return withPerson(context, 'policy.read', async ({ deps }) => {
    for (const flow of await governance(deps).flows()) {
      const output = {
        ...flow,
        tenants: flow.tenants === null ? null : [...flow.tenants],
        agreements: [...flow.agreements],
        subprocessors: [...flow.subprocessors],
      };
      const stopped = flow.stoppedBy === null ? '' : `  (${printable(flow.stoppedBy)})`;
      context.io.result(
        'policy-flow',
        output,
        `${flow.from} -> ${flow.to}  ${flow.environment}  ${flow.carries}  tenants: ${flow.tenants?.join(', ') ?? 'all'}${stopped}`,
      );
    }
    return 0;
  });
}

async function showGate(
  context: CommandContext,
  name: 'policy-gate' | 'policy-sign',
  session: PersonSession,
  connection: string,
) {
  const report = await gates(session.deps).report(connection);
  if (report === undefined)
    throw new CommandFailure(2, 'connection-unknown', `There is no connection "${printable(connection)}".`);
  const { gate, stage, byResource, byScope } = report;
  const output = {
    connection,
    open: gate.open,
    missing: [...gate.missing],
    signatures: gate.signatures.map(({ signatory, by, role, at, meaning, items }) => ({
      ...{ signatory, by, role, meaning },
      at: isoTime(at),
      items: [...items],
    })),
    stage: stage.stage,
    nextStage: stage.next,
    criteria: stage.criteria.map((one) => ({ ...one })),
    mayAdvance: stage.mayAdvance,
    resources: Object.entries(byResource).map(([resourceType, own]) => ({
      resourceType,
      stage: own.stage,
      nextStage: own.next,
      criteria: own.criteria.map((one) => ({ ...one })),
      mayAdvance: own.mayAdvance,
    })),
    scopes: byScope.map(({ scope, stage: own }) => ({
      scope: { ...scope },
      stage: own.stage,
      nextStage: own.next,
      criteria: own.criteria.map((one) => ({ ...one })),
      mayAdvance: own.mayAdvance,
    })),
  };
  const lines = [
    `${connection}: the checklist is ${gate.open ? 'signed' : 'not complete'}.`,
    ...checklistItems.map((item) => `  ${item}: ${checklist[item]}`),
    ...gate.missing.map((one) => `  missing: ${one}`),
    ...gate.signatures.map((one) => `  signed as ${one.signatory} by ${one.by}: ${printable(one.meaning)}`),
    stage.next === null
      ? `Stage ${stage.stage} is the last one; what it has to go on showing:`
      : `Stage ${stage.stage}; before ${stage.next}:`,
    ...stage.criteria.map(criterionWords),
    ...Object.entries(byResource).flatMap(([type, own]) => [
      `${type}: stage ${own.stage}${own.next === null ? '' : `; before ${own.next}:`}`,
      ...own.criteria.map(criterionWords),
    ]),
    ...byScope.flatMap(({ scope, stage: own }) => [
      `${printable(stageScopeWords(scope))}: stage ${own.stage}${own.next === null ? '' : `; before ${own.next}:`}`,
      ...own.criteria.map(criterionWords),
    ]),
  ];
  context.io.result(name, output, lines.join('\n'));
  return 0;
}

function criterionWords({ id, words, met }: Criterion): string {
  return `  ${met ? 'met    ' : 'not met'} ${id}: ${words}`;
}

export function policyGate(context: CommandContext, connection: string): Promise<number> {
  return withPerson(context, 'policy.read', (session) => showGate(context, 'policy-gate', session, connection));
}

export function policySign(
  context: CommandContext,
  connection: string,
  options: { readonly as: string; readonly meaning: string },
): Promise<number> {
  return withPerson(context, 'gate.sign', async (session) => {
    const signatory = signatoryNames.find((one): one is Signatory => one === options.as);
    if (signatory === undefined) throw new CommandFailure(2, 'usage', `--signatory is one of: ${signatoryNames.join(', ')}.`);
    const { deps, person, actor } = session;
    const outcome = await gates(deps).sign(connection, signatory, checklistItems, options.meaning, person, actor);
    if (!outcome.ok) throw new CommandFailure(1, outcome.code, `Not signed: ${printable(outcome.message)}.`);
    return showGate(context, 'policy-sign', session, connection);
  });
}

export function consentRecord(context: CommandContext, file: string, tenant: string): Promise<number> {
  return withPerson(context, 'consent.record', async ({ deps, actor }) => {
    const outcome = await consents(deps).record(tenant, readDocument(file), actor);
    if (!outcome.ok) throw new CommandFailure(1, outcome.code, `Not recorded: ${printable(outcome.message)}.`);
    const { id, status, unreadable } = outcome.consent;
    const words =
      unreadable === null ? '' : ` It cannot be judged by a machine (${printable(unreadable)}), so it permits nothing.`;
    context.io.result(
      'consent-record',
      { id, status, readable: unreadable === null },
      `${printable(id)} is recorded, ${status}.${words}`,
    );
    return 0;
  });
}

/** Prints a patient's consents as FHIR R4 Consent resources, one per line. */
export function consentShow(context: CommandContext, tenant: string, patient: string): Promise<number> {
  return withPerson(context, 'consent.read', async ({ deps, actor }) => {
    const [system, value] = patient.split('|');
    const named = value !== undefined && system !== undefined;
    if (!named && !patient.startsWith('Patient/'))
      throw new CommandFailure(2, 'usage', 'Name the patient as SYSTEM|VALUE or Patient/ID.');
    const who = named ? { identifier: { system, value } } : { reference: patient };
    for (const one of await consents(deps).of(tenant, `${named ? 'identifier' : 'reference'} ${patient}`, actor)) {
      const text = stringifyExact(consentResource(one, who, isoTime(one.at)));
      context.io.result('consent-show', JSON.parse(text) as Output<'consent-show'>, printable(text));
    }
    return 0;
  });
}
