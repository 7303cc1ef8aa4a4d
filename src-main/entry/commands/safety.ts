import { readDocument } from './policy.ts';
import { CommandFailure, printable } from '../console-io.ts';
import type { Output } from '../outputs.ts';
import { withPerson, type CommandContext } from '../session.ts';
import { isoTime } from '../views.ts';
import { safety } from '../../engine/index.ts';
import { versionKinds, type SafetyRow, type VersionAt, type VersionKind } from '../../../src-shared/domain/index.ts';

/** Runs of the corpus: which versions demand one, and who answers for those on record. */

export interface SafetyOptions extends Partial<Readonly<Record<VersionKind, readonly string[]>>> {
  readonly demanded: boolean;
  readonly meaning: string;
}

export function safetyRecord(context: CommandContext, file: string, options: SafetyOptions): Promise<number> {
  return withPerson(context, 'safety.record', async ({ deps, person, actor }) => {
    const named = versionKinds.flatMap((kind): VersionAt[] => (options[kind] ?? []).map((version) => ({ kind, version })));
    const demanded = options.demanded ? (await safety(deps).show()).demanded : [];
    const outcome = await safety(deps).record(readDocument(file), [...named, ...demanded], options.meaning, person, actor);
    if (!outcome.ok) throw new CommandFailure(1, outcome.code, `Not recorded: ${printable(outcome.message)}.`);
    const { record, released } = outcome;
    context.io.result(
      'safety-record',
      { ...runView(record), released },
      `${record.id} is on record for ${versionsIn(record)}. Checked again: ${released}.`,
    );
    return 0;
  });
}

export function safetyList(context: CommandContext): Promise<number> {
  return withPerson(context, 'policy.read', async ({ deps }) => {
    const { records, demanded, paths } = await safety(deps).show();
    for (const { kind, version } of demanded) {
      const meet = paths.filter((path) => path.demanded.some((one) => one.kind === kind && one.version === version));
      const names = meet.map((path) => `${path.tenant}: ${path.source} to ${path.connection}`);
      context.io.result(
        'safety-list',
        { type: 'demanded', kind, version, paths: names },
        `demands a run  ${kind} ${printable(version)}  (${printable(names.join('; '))}): a person decides until then, what is queued waits`,
      );
    }
    for (const record of records) {
      context.io.result(
        'safety-list',
        { type: 'run', ...runView(record) },
        `run  ${isoTime(record.at)}  by ${record.by} (${record.role}): ${versionsIn(record)}; ${printable(record.meaning)}`,
      );
    }
    return 0;
  });
}

function runView({
  id,
  at,
  by,
  role,
  meaning,
  figuresSha256,
  figures,
  covers,
}: SafetyRow): Omit<Output<'safety-record'>, 'released'> {
  return {
    ...{ id, by, role, meaning, figuresSha256 },
    at: isoTime(at),
    figures: figures.map((one) => ({ ...one })),
    covers: covers.map((one) => ({ ...one })),
  };
}

function versionsIn({ covers }: Pick<SafetyRow, 'covers'>): string {
  return covers.map(({ kind, version }) => `${kind} ${printable(version)}`).join(', ');
}
