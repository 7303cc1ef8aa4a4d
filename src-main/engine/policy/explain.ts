import type { EngineDeps } from '../deps.ts';
import { stoppedBy } from '../dispatch/stop.ts';
import { eventsOf } from '../event-source.ts';
import { inspect } from '../audit/inspect.ts';
import { contractFor } from './in-force.ts';
import { selectionNow } from './selection.ts';
import { standingOf } from './standing.ts';
import type { ExplainedStep, ExplainPolicy, PolicyExplanation, WriteView } from '../../ports/inbound/index.ts';
import {
  codeOf,
  contractRow,
  failureOf,
  approversFor,
  personsFor,
  selectionWords,
  stageSends,
  switchWords,
  workspaceLog,
  type BlockedSelection,
  type ConsentDecision,
  type ContractRow,
  type CountedApproval,
  type SourceRow,
  type Standing,
  type SwitchRow,
  type ConnectionRow,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';

type ExplainDeps = Pick<EngineDeps, 'ledger' | 'matrix' | 'consentPolicy' | 'clock' | 'random' | 'pseudonym'>;

/** Why a write went, waits or stopped: every rule in the order in which it is asked, with the fact that answered it. */
export function explainPolicy(deps: ExplainDeps): ExplainPolicy {
  return async (id, actor) => {
    const view = await inspect(deps).write(id, actor);
    if (view === undefined) return undefined;
    const { row } = view;
    const events = eventsOf(deps.ledger);
    const { event, item } = await events.itemOf(row);
    const matrix = await contractFor(deps, row.tenant, row.connection);
    const contract = contractRow(matrix, row.kind);
    const connection = await deps.ledger.row('connection', workspaceLog, row.connection);
    const source = await deps.ledger.row('source', workspaceLog, row.source);
    if (connection === undefined) throw new Error(`the connection of write ${id} is not registered`);
    const asked = await standingOf(deps, row, event, item, connection);
    // Explaining asks no EHR: what the consent that the event names said stands in the last look at it.
    const last = consentIn(view, 'write.attempted') ?? consentIn(view, 'write.checked');
    const byName = asked.consent.result === 'permit' && last !== null && last.rule.startsWith('named-');
    const standing = byName ? { ...asked, consent: last } : asked;
    const known = view.event?.eventVersion === row.eventVersion ? view.event : undefined;
    const counted = await events.countedApproval(row, event, await events.approvalOf(known, event), matrix);
    const stopping =
      (await stoppedBy(deps.ledger, row, 'writes')) ??
      (row.state.name === 'draft' || codeOf(row.state) === 'drafts-switched-off'
        ? await stoppedBy(deps.ledger, row, 'drafts')
        : undefined);
    return {
      id,
      state: row.state.name,
      ...verdictOf(row),
      code: codeOf(row.state),
      contractVersion: matrix.version,
      contract,
      consent: standing.consent,
      consentWhenChecked: consentIn(view, 'write.checked'),
      consentWhenSent: consentIn(view, 'write.attempted'),
      steps: stepsOf({
        ...{ view, contract, connection, source, standing, counted, stopping },
        version: matrix.version,
        selection: await selectionNow(deps, row, matrix.version),
      }),
    };
  };
}

function consentIn(view: WriteView, type: 'write.checked' | 'write.attempted'): ConsentDecision | null {
  const entry = view.timeline.findLast((one) => one.type === type);
  return entry?.body !== null && entry?.body !== undefined && 'consent' in entry.body ? (entry.body.consent ?? null) : null;
}

function verdictOf(row: WriteRow): Pick<PolicyExplanation, 'verdict' | 'because'> {
  const { state } = row;
  switch (state.name) {
    case 'draft':
    case 'validated':
      return { verdict: 'waits', because: 'it has not been checked yet' };
    case 'awaiting-approval':
      return { verdict: 'waits', because: `${state.roles.join(' or ')} must decide: ${state.reason}` };
    case 'held':
      return {
        verdict: 'waits',
        because: `${failureOf(state.hold.code).words} ${state.hold.reason ?? ''} Lifted by: ${state.hold.liftedBy}.`,
      };
    case 'pending':
      return { verdict: 'goes', because: 'it is approved and waits for its turn' };
    case 'in-flight':
    case 'unknown':
    case 'failed-retryable':
    case 'committed':
      return { verdict: 'went', because: 'it was let through, and bytes have left for the EHR' };
    case 'conflict':
    case 'failed-terminal':
      return { verdict: 'stopped', because: failureOf(state.code).words };
    case 'resolved-by-hand':
    case 'superseded':
    case 'withdrawn':
    case 'compensated':
    case 'corrected':
      return { verdict: 'ended', because: `it is ${state.name}` };
    case 'quarantined':
      return { verdict: 'stopped', because: state.reason };
  }
}

interface StepFacts {
  readonly view: WriteView;
  readonly contract: ContractRow;
  readonly version: string;
  readonly selection: BlockedSelection | undefined;
  readonly connection: ConnectionRow;
  readonly source: SourceRow | undefined;
  readonly standing: Standing;
  readonly counted: CountedApproval;
  readonly stopping: SwitchRow | undefined;
}

function stepsOf(facts: StepFacts): readonly ExplainedStep[] {
  const { contract, connection, standing, stopping, source, view } = facts;
  const { row } = view;
  const stops = view.findings.filter((finding) => finding.severity === 'stop');
  const held = standing.held;
  const step = (rule: ExplainedStep['rule'], outcome: ExplainedStep['outcome'], words: string): ExplainedStep => ({
    rule,
    outcome,
    words,
  });
  const selection = contract.tier === 'blocked' ? facts.selection : undefined;
  const selected = selection === undefined ? '' : `; ${selectionWords(selection)}`;
  return [
    step(
      'contract',
      contract.tier === 'blocked' && selection === undefined ? 'stops' : 'passes',
      `${contract.kind} becomes ${contract.resource} (${contract.mode}), ${contract.tier} risk, by ${facts.version}: ${contract.reason}${selected}`,
    ),
    step(
      'checks',
      stops.length > 0 ? 'stops' : row.prepared === null ? 'not-asked' : 'passes',
      stops.length > 0 ? stops.map((one) => `${one.rule} at ${one.path}: ${one.message}`).join('; ') : 'no finding stops it',
    ),
    capability(facts, step),
    step(
      'switch',
      stopping === undefined ? 'passes' : 'waits',
      stopping === undefined
        ? 'no switch is off for it'
        : `${stopping.what} are off for ${switchWords(stopping.scope)}, by ${stopping.by}: ${stopping.reason}`,
    ),
    step(
      'connection',
      connection.active && stageSends(standing.stage) ? 'passes' : 'waits',
      `${connection.name} is a ${connection.environment} connection at stage ${connection.stage}${standing.stage === connection.stage ? '' : `, and this write at stage ${standing.stage}`}${connection.active ? '' : ', switched off'}`,
    ),
    step(
      'environment',
      standing.carries ? 'passes' : 'waits',
      standing.carries ? carriesWords(connection) : (held?.because ?? ''),
    ),
    step(
      'gate',
      held?.code === 'gate-closed' ? 'waits' : connection.environment === 'practice' ? 'not-asked' : 'passes',
      held?.code === 'gate-closed'
        ? held.because
        : connection.environment === 'practice'
          ? 'a practice connection has no checklist'
          : 'the checklist is signed, or the stage sends nothing',
    ),
    step(
      'consent',
      standing.consent.result === 'permit' ? 'passes' : 'waits',
      `${standing.consent.result} by rule ${standing.consent.rule} of ${standing.consent.artifact}: ${standing.consent.reason}`,
    ),
    step(
      'source',
      'passes',
      source === undefined
        ? `${row.source} is no longer registered`
        : `${source.name} makes ${source.origin ?? 'any'} content; its approvals count up to ${source.approvals} risk`,
    ),
    approvalStep(facts, step),
  ];
}

type MakeStep = (rule: ExplainedStep['rule'], outcome: ExplainedStep['outcome'], words: string) => ExplainedStep;

function carriesWords(connection: ConnectionRow): string {
  return connection.environment === 'practice'
    ? 'practice: made-up people only, no agreement needed'
    : 'an agreement in force covers source and connection';
}

function capability({ view }: StepFacts, step: MakeStep): ExplainedStep {
  const { row } = view;
  const refused = view.findings.find((one) => one.rule === 'operation-unsupported');
  if (refused !== undefined) return step('capability', 'stops', refused.message);
  return row.prepared === null
    ? step('capability', 'not-asked', 'no request has been prepared')
    : step('capability', 'passes', `${row.prepared.adapter} prepared the request under ${row.prepared.contract}`);
}

function approvalStep({ view, contract, counted }: StepFacts, step: MakeStep): ExplainedStep {
  const { approval } = view.row;
  const needed = personsFor(contract) === 2 ? 'two people' : 'one person';
  const who = `${needed} of: ${approversFor(contract).join(', ')}`;
  if (approval !== null)
    return step(
      'approval',
      'passes',
      approval.made === 'contract'
        ? `nobody approved it; ${approval.name} (${approval.role}) brought the contract into force that lets it go: ${approval.meaning}`
        : `${approval.name} (${approval.role}) approved exactly these bytes ${approval.made === 'source' ? 'at the source' : 'here'}: ${approval.meaning}`,
    );
  if (view.row.state.name === 'failed-terminal' && view.row.state.code === 'approval-rejected')
    return step('approval', 'stops', 'a person decided that it must not be charted');
  return step('approval', 'waits', counted.counts ? `not used yet; ${who}` : `${counted.reason}; ${who}`);
}
