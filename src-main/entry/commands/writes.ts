import { CommandFailure, printable } from '../console-io.ts';
import { steppedUp, withPerson, type CommandContext, type PersonSession } from '../session.ts';
import { isoTime, writeDetail, writeSummary } from '../views.ts';
import type { CommandName, Output } from '../outputs.ts';
import { inspect, peopleDecide } from '../../engine/index.ts';
import type { DecisionOutcome } from '../../ports/inbound/index.ts';
import { workspaceLog, type Act, type FailureCode, type StateName, type WriteRow } from '../../../src-shared/domain/index.ts';

/** Looking at writes, and deciding about them. */

export interface WritesOptions {
  readonly state: StateName | undefined;
  readonly code: FailureCode | undefined;
  readonly connection: string | undefined;
  readonly patient: string | undefined;
  readonly since: string | undefined;
  readonly limit: number;
}

export function writes(context: CommandContext, options: WritesOptions): Promise<number> {
  return withPerson(context, 'write.read', async (session) => {
    const filter = {
      limit: options.limit,
      ...(options.state === undefined ? {} : { states: [options.state] }),
      ...(options.code === undefined ? {} : { code: options.code }),
      ...(options.connection === undefined ? {} : { connection: options.connection }),
      ...(options.since === undefined ? {} : { since: sinceMs(options.since) }),
    };
    const reader = inspect(session.deps);
    const rows: WriteRow[] = [];
    if (options.patient === undefined) rows.push(...(await reader.writes(filter, session.actor)));
    else {
      for (const { tenant, patientKey } of await patientKeys(session, options.patient)) {
        rows.push(...(await reader.writes({ ...filter, tenant, patientKey }, session.actor)));
      }
    }
    for (const row of rows.slice(0, options.limit)) {
      const summary = writeSummary(row);
      const why = summary.code === null ? '' : `  ${summary.code}`;
      context.io.result(
        'writes',
        summary,
        `${row.id}  ${row.state.name}${why}  ${row.resourceType}  ${row.connection}  ${printable(row.eventId)} ${row.slot}`,
      );
    }
    return 0;
  });
}

function sinceMs(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms))
    throw new CommandFailure(2, 'usage', `--since takes a date or time like 2026-03-02T09:00:00Z, not "${printable(text)}".`);
  return ms;
}

/** The pseudonyms under which a patient is known: one per tenant, from `SYSTEM|VALUE` or `Patient/ID`. */
export async function patientKeys(
  session: PersonSession,
  patient: string,
): Promise<readonly { tenant: string; patientKey: string }[]> {
  const words = patient.includes('|') ? `identifier ${patient}` : /^Patient\/.+$/.test(patient) ? `reference ${patient}` : null;
  if (words === null) throw new CommandFailure(2, 'usage', 'Name the patient as SYSTEM|VALUE or Patient/ID.');
  const tenants = (await session.deps.ledger.tenants()).filter((tenant) => tenant !== workspaceLog);
  return tenants.map((tenant) => ({ tenant, patientKey: session.deps.pseudonym(tenant, `patient ${words}`) }));
}

export function write(context: CommandContext, id: string): Promise<number> {
  return withPerson(context, 'write.read', async (session) => {
    const view = await inspect(session.deps).write(id, session.actor);
    if (view === undefined) throw new CommandFailure(2, 'write-unknown', `There is no write "${printable(id)}".`);
    const detail = writeDetail(view);
    context.io.result('write', detail, detailWords(detail));
    return 0;
  });
}

function detailWords(detail: Output<'write'>): string {
  const { failure, waitingFor, request } = detail;
  const lines = [
    `${detail.id}  ${detail.state}${detail.verification === null ? '' : `, ${detail.verification}`}`,
    `  ${detail.kind} -> ${detail.resourceType} on ${detail.connection}, ${detail.tier} risk, from ${printable(detail.eventId)} version ${detail.eventVersion}, ${detail.slot}`,
  ];
  if (detail.reference !== null)
    lines.push(`  In the chart: ${detail.reference}${detail.versionId === null ? '' : `, version ${detail.versionId}`}`);
  if (failure !== null) lines.push(`  ${failure.words} Next: ${failure.next} (${failure.owner})`);
  if (waitingFor !== null) lines.push(`  Waits for: ${waitingFor.roles.join(' or ')}; ${printable(waitingFor.reason)}`);
  const approvals = detail.approval === null ? [] : [...(detail.approval.with ?? []), detail.approval];
  for (const { name, role, at, meaning, emergency, made } of approvals)
    lines.push(
      `  ${made === 'contract' ? 'Unattended; the contract was approved by' : 'Approved by'} ${printable(name)} (${role}${emergency === undefined ? '' : ', by emergency access'}) at ${at}: ${printable(meaning)}`,
    );
  if (detail.selection !== null)
    lines.push(
      `  Blocked by the contract ${printable(detail.selection.contract)}; selected by ${printable(detail.selection.name)} at ${detail.selection.at}: ${printable(detail.selection.reason)}`,
    );
  if (detail.normalized !== null)
    lines.push(`  Counts as: ${detail.normalized.class} (rules of normalization ${detail.normalized.rules})`);
  for (const finding of detail.findings) lines.push(findingWords(finding));
  for (const difference of detail.differences)
    lines.push(
      `  differs: ${difference.path} ${difference.kind}, sent ${printable(difference.sent ?? 'nothing')}, found ${printable(difference.found ?? 'nothing')}`,
    );
  for (const { path, sent, found } of detail.noted)
    lines.push(`  noted: ${path}, sent ${printable(sent ?? 'nothing')}, found ${printable(found ?? 'nothing')}`);
  if (detail.follow !== null) lines.push(...followWords(detail.follow));
  if (request !== null)
    lines.push(
      `  Request: ${request.method} ${printable(request.path)}, sha256 ${request.sha256}`,
      `    ${printable(request.body)}`,
    );
  lines.push(...withheldWords(detail), ...readWords(detail));
  for (const exchange of detail.exchanges) {
    lines.push(
      `  ${exchange.at} ${exchange.method} ${printable(exchange.path)} -> ${exchange.status ?? printable(exchange.fault ?? 'no answer')} in ${exchange.durationMs} ms`,
    );
  }
  lines.push('  Timeline:');
  for (const entry of detail.timeline) {
    lines.push(
      `    ${entry.at} ${entry.type} ${entry.states.join(' -> ')} by ${printable(entry.actor.id)}${entry.note === null ? '' : `: ${printable(entry.note)}`}`,
    );
  }
  return lines.join('\n');
}

/** What of the event does not leave, one line for each rule. */
function withheldWords({ withheld }: Output<'write'>): readonly string[] {
  return [...new Set(withheld.map(({ rule }) => rule))].map((rule) => {
    const own = withheld.filter((one) => one.rule === rule);
    const parts = own.map(
      ({ path, act, by }) => `${path}${by === null ? '' : `${act === 'replaced' ? ' as' : ':'} ${printable(by)}`}`,
    );
    return `  ${own[0]?.act === 'replaced' ? 'Replaced' : 'Not sent'} (${rule}): ${parts.join(', ')}`;
  });
}

/** What was read of the chart, and how much of it was kept. */
function readWords({ reads }: Output<'write'>): readonly string[] {
  return (reads?.made ?? []).map(({ purpose, what, found, elements }) => {
    const kept = elements === null ? 'whole' : `only ${elements.join(', ')}`;
    return `  Read to ${purpose}: ${what}, ${kept}; found ${found.length === 0 ? 'nothing' : found.map(printable).join(', ')} (list ${reads?.list ?? ''})`;
  });
}

const driftWords = {
  changed: 'was changed in the chart',
  touched: 'has a newer version in the chart, in which everything sent still stands',
  'entered-in-error': 'was marked as entered in error in the chart',
  deleted: 'is no longer in the chart',
} as const;

/** What later looks at the chart entry have shown. */
function followWords({ looks, failures, at, nextAt, drift, awaited }: NonNullable<Output<'write'>['follow']>): string[] {
  const next = nextAt === null ? 'not looked at again' : `looked at again at ${nextAt}`;
  const failed = failures === 0 ? '' : `, the last ${failures} of them failed`;
  const lines = [`  Looked at again ${looks} times, last at ${at}${failed}; ${next}`];
  if (drift !== null) {
    const version = drift.versionId === null ? '' : `, version ${printable(drift.versionId)}`;
    const by = drift.by === null ? '' : `, by ${printable(drift.by)}`;
    lines.push(`  drift: it ${driftWords[drift.kind]}${version}${by}; noticed at ${drift.noticedAt}`);
    for (const { path, sent, found } of drift.differences)
      lines.push(`    ${path}: sent ${printable(sent ?? 'nothing')}, now ${printable(found ?? 'nothing')}`);
  }
  if (awaited !== null)
    lines.push(
      `  awaited: ${awaited.element} is ${printable(awaited.value ?? 'not there')}, by ${awaited.by}: ${awaited.result}`,
    );
  return lines;
}

/** A finding with its name and what was signed about it. */
export function findingWords(finding: Output<'write'>['findings'][number]): string {
  const { message, name, next, path, severity, signature } = finding;
  const signed =
    signature === null
      ? ''
      : ` ${signature.act} by ${printable(signature.name)} (${signature.role}) at ${signature.at}: ${printable(signature.reason)}`;
  return `  ${severity}: ${printable(path)}: ${printable(message)}. ${next} [${printable(name)}]${signed}`;
}

type Decider = ReturnType<typeof peopleDecide>;

function decided(
  name: Extract<CommandName, 'approve' | 'select' | 'reject' | 'retry' | 'withdraw' | 'resolve'>,
  act: Act,
  use: (decider: Decider, session: PersonSession) => Promise<DecisionOutcome>,
) {
  return (context: CommandContext): Promise<number> =>
    withPerson(context, act, async (session) => {
      const outcome = await use(peopleDecide(session.deps), session);
      if (!outcome.ok)
        throw new CommandFailure(
          outcome.code === 'write-unknown' ? 2 : 1,
          outcome.code,
          `Not done: ${outcome.message}. Nothing was changed.`,
        );
      context.io.result(
        name,
        { id: outcome.id, state: outcome.state },
        `${outcome.id} is now ${outcome.state}. (${isoTime(session.deps.clock.now())})`,
      );
      return 0;
    });
}

export const approveWrite = (context: CommandContext, id: string, meaning: string): Promise<number> =>
  decided('approve', 'write.approve', async (decider, session) => {
    const view = await inspect(session.deps).write(id, session.actor);
    const again = await steppedUp(context, session);
    // What the contract blocks is approved by nobody whose secret merely lies in the environment.
    if (view?.row.selection !== undefined && !again)
      throw new CommandFailure(
        1,
        'step-up-needed',
        'The contract blocks this write. To approve it, give your secret once more in COUNTERSIGN_STEP_UP.',
      );
    // What is shown here is what is approved: if the request changes in between, the approval is refused as stale.
    if (view !== undefined) context.io.note(`About to be approved:\n${detailWords(writeDetail(view))}`);
    // The remarks have just been shown too: whoever goes on takes them upon themselves, with the meaning as the reason.
    const acknowledged = (view?.signed ?? []).map(({ name }) => name);
    return decider.approve(id, session.person, meaning, view?.prepared?.sha256 ?? '', acknowledged);
  })(context);

export const selectWrite = (context: CommandContext, id: string, reason: string): Promise<number> =>
  decided('select', 'write.select', async (decider, session) => {
    const outcome = await decider.select(id, session.person, reason);
    if (outcome.ok) context.io.note('It is checked at the next run, and then waits for two others to approve it.');
    return outcome;
  })(context);

export const rejectWrite = (context: CommandContext, id: string, reason: string): Promise<number> =>
  decided('reject', 'write.reject', (decider, session) => decider.reject(id, session.person, reason))(context);

export const retryWrite = (context: CommandContext, id: string): Promise<number> =>
  decided('retry', 'write.retry', (decider, session) => decider.retry(id, session.person))(context);

export const withdrawWrite = (context: CommandContext, id: string, reason: string): Promise<number> =>
  decided('withdraw', 'write.withdraw', (decider, session) => decider.withdraw(id, session.person, reason))(context);

export interface ResolveOptions {
  readonly note: string;
  readonly found: string | undefined;
  readonly absent: boolean;
}

export const resolveWrite = (context: CommandContext, id: string, options: ResolveOptions): Promise<number> =>
  decided('resolve', 'write.resolve', (decider, { person }) => {
    if (options.found !== undefined) return decider.attestFound(id, person, options.found, options.note);
    return options.absent ? decider.attestAbsent(id, person, options.note) : decider.resolve(id, person, options.note);
  })(context);
