import { CommandFailure, printable } from '../console-io.ts';
import { withEngineLock } from '../engine-lock.ts';
import type { Output } from '../outputs.ts';
import { withPerson, type CommandContext, type PersonSession } from '../session.ts';
import { shadow } from '../../engine/index.ts';
import type { ShadowReport, ShadowedWrite } from '../../ports/inbound/index.ts';
import { workspaceLog } from '../../../src-shared/domain/index.ts';

/** `shadow`: what a connection would have written, beside what people wrote by hand (B4). */
export function shadowReport(context: CommandContext, name: string): Promise<number> {
  return withPerson(context, 'write.read', async (session) => {
    const connection = await session.deps.ledger.row('connection', workspaceLog, name);
    // The practice EHR keeps its chart in this workspace and lives in one process at a time.
    const inside = connection?.baseUrl.startsWith('practice:') === true;
    const report = () => reportOf(session, name);
    const made = await (inside ? withEngineLock(context.options.workspace, report) : report());
    context.io.result('shadow', reportView(made), words(made));
    return 0;
  });
}

async function reportOf({ deps, actor }: PersonSession, name: string): Promise<ShadowReport> {
  const made = await shadow(deps)(name, actor);
  if (!made.ok)
    throw new CommandFailure(made.code === 'connection-unknown' ? 2 : 1, made.code, `Not done: ${printable(made.message)}.`);
  return made.report;
}

function reportView({ connection, resources, writes, more }: ShadowReport): Output<'shadow'> {
  return {
    connection,
    resources: resources.map((one) => ({ ...one, elements: one.elements.map((element) => ({ ...element })) })),
    writes: writes.map(({ row, outcome, match, code }) => ({
      id: row.id,
      eventId: row.eventId,
      slot: row.slot,
      resourceType: row.resourceType,
      outcome,
      code,
      reference: match?.reference ?? null,
      compared: match?.compared ?? 0,
      differences: (match?.serious ?? []).map((one) => ({ ...one })),
      noted: (match?.noted ?? []).map((one) => ({ ...one })),
    })),
    more,
  };
}

function words({ connection, resources, writes, more }: ShadowReport): string {
  if (writes.length === 0) return `Nothing is held at stage shadow on ${connection}.`;
  return [
    ...resources.flatMap(({ resourceType, held, same, differs, absent, unread, elements }) => [
      `${resourceType}: ${held} held; ${same} as a person wrote them, ${differs} otherwise, ${absent} not written by hand, ${unread} whose chart could not be read`,
      ...elements.map(
        (one) =>
          `  ${printable(one.element)} differs in ${one.differs} of ${same + differs} (${one.changed} other, ${one.missing} not in the chart, ${one.added} more in the chart, ${one.precision} other digits; ${one.serious} would not be verified)`,
      ),
    ]),
    ...writes.flatMap(writeWords),
    ...(more ? ['More are held than one report compares; these are the newest.'] : []),
  ].join('\n');
}

function writeWords({ row, outcome, match, code }: ShadowedWrite): readonly string[] {
  if (outcome === 'unread') return [`${row.id} ${row.resourceType}: the chart could not be read [${code ?? ''}]`];
  return [
    `${row.id} ${row.resourceType} ${match === null ? 'was not written by hand' : `${outcome === 'same' ? 'is as' : 'differs from'} ${printable(match.reference)}`}`,
    ...[...(match?.serious ?? []), ...(match?.noted ?? [])].map(
      ({ path, kind, sent, found }) =>
        `  ${printable(path)} ${kind}: prepared ${printable(sent ?? 'nothing')}, chart ${printable(found ?? 'nothing')}`,
    ),
  ];
}
