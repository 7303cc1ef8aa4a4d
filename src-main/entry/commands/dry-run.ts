import { CommandFailure, printable } from '../console-io.ts';
import { withEngineLock } from '../engine-lock.ts';
import type { Output } from '../outputs.ts';
import { withPerson, type CommandContext, type PersonSession } from '../session.ts';
import { layered } from '../views.ts';
import { dryRun } from '../../engine/index.ts';
import { recordsOf, UnreadableFile } from '../../intake/index.ts';
import type { Rehearsal, RehearsedWrite } from '../../ports/inbound/index.ts';
import { failureOf, workspaceLog } from '../../../src-shared/domain/index.ts';

/** `dry-run`: what would become of events, and exactly what would be sent (B4). */

/** @param connection only the writes of this connection; `null`: of all */
export function dryRunFiles(context: CommandContext, files: readonly string[], connection: string | null): Promise<number> {
  return withPerson(context, 'write.read', async (session) => {
    const { ledger } = session.deps;
    if (connection !== null && (await ledger.row('connection', workspaceLog, connection)) === undefined)
      throw new CommandFailure(2, 'connection-unknown', `There is no connection "${printable(connection)}".`);
    // The practice EHR keeps its chart in this workspace and lives in one process at a time.
    const inside = (await ledger.rows('connection')).some(({ baseUrl }) => baseUrl.startsWith('practice:'));
    const rehearse = () => rehearseFiles(context, session, files, connection);
    return inside ? withEngineLock(context.options.workspace, rehearse) : rehearse();
  });
}

async function rehearseFiles(
  context: CommandContext,
  { deps, actor }: PersonSession,
  files: readonly string[],
  connection: string | null,
): Promise<number> {
  const counts = { refused: 0, unreadable: 0, goes: 0, waits: 0, stops: 0 };
  const rehearse = dryRun(deps);
  for (const file of files) {
    try {
      for await (const record of recordsOf(file, context.stdin)) {
        const rehearsal = await rehearse(record, connection, actor);
        if (rehearsal.status === 'refused') counts.refused += 1;
        for (const write of rehearsal.writes) counts[outlook(write)] += 1;
        const named = files.length > 1 ? { file } : {};
        context.io.result('dry-run', { ...named, ...rehearsalView(rehearsal) }, words(rehearsal));
      }
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      counts.unreadable += 1;
      context.io.note(`Not read: ${printable(error.message)}.`);
    }
  }
  context.io.note(
    `Nothing was taken in and nothing was sent. ${counts.goes} writes would go, ${counts.waits} would wait, ${counts.stops} would be refused; ${counts.refused} records would be refused.`,
  );
  return counts.refused + counts.stops + counts.unreadable > 0 ? 1 : 0;
}

function outlook({ state, stops }: RehearsedWrite): 'goes' | 'waits' | 'stops' {
  if (state === 'failed-terminal') return 'stops';
  return state === 'pending' && stops.length === 0 ? 'goes' : 'waits';
}

function rehearsalView({ line, eventId, status, code, message, writes, kept }: Rehearsal): Output<'dry-run'> {
  return {
    line,
    eventId,
    status,
    ...(code === undefined ? {} : { code }),
    ...(message === undefined ? {} : { message }),
    writes: writes.map(({ row, state, code: why, reason, approvers, request, findings, stops }) => ({
      id: row.id,
      tenant: row.tenant,
      connection: row.connection,
      slot: row.slot,
      kind: row.kind,
      resourceType: row.resourceType,
      operation: row.operation,
      tier: row.tier,
      state,
      code: why,
      reason,
      approvers: [...approvers],
      request: request === null ? null : { ...request, headers: { ...request.headers } },
      findings: findings.map(layered),
      stops: stops.map((one) => ({ ...one })),
    })),
    kept: kept.map((one) => ({ ...one })),
  };
}

function words({ line, eventId, status, code, message, writes, kept }: Rehearsal): string {
  const head = `line ${line}: ${printable(eventId ?? 'record')}`;
  if (status === 'refused') {
    const why = code === undefined ? '' : ` ${failureOf(code).words} [${code}] ${failureOf(code).next}`;
    return `${head} would be refused: ${printable(message ?? '')}.${why}`;
  }
  if (status === 'duplicate') return `${head} is known already; nothing more would be written`;
  const each = writes.flatMap(writeWords);
  return [
    `${head} would be taken in as ${status === 'accepted' ? 'new' : 'a new version'} (${writes.length} writes)`,
    ...each,
    ...kept.map(({ slot, reason }) => `  ${printable(slot)} would be kept and not charted: ${printable(reason)}`),
  ].join('\n');
}

function writeWords({ row, state, code, reason, approvers, request, findings, stops }: RehearsedWrite): readonly string[] {
  const because = [code === null ? null : `[${code}]`, reason === null ? null : printable(reason)].filter((one) => one !== null);
  return [
    `  ${printable(row.slot)}: ${row.operation} ${row.resourceType} on ${row.connection}, ${row.tier} risk: ${state} ${because.join(' ')}`.trimEnd(),
    ...(approvers.length === 0 ? [] : [`    needs the approval of: ${approvers.join(' or ')}`]),
    ...stops.map((one) => `    would not be sent now [${one.code}] ${printable(one.reason)}`),
    ...findings.map(
      ({ severity, rule, path, message }) => `    ${severity} ${rule} at ${printable(path)}: ${printable(message)}`,
    ),
    ...(request === null
      ? []
      : [
          `    ${request.method} ${printable(request.path)}, sha256 ${request.sha256}`,
          ...Object.entries(request.headers).map(([name, value]) => `      ${name}: ${printable(value)}`),
          `      ${printable(request.body)}`,
        ]),
  ];
}
