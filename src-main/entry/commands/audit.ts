import { CommandFailure, printable } from '../console-io.ts';
import { withPerson, withService, type CommandContext } from '../session.ts';
import { timelineEntry } from '../views.ts';
import { patientKeys } from './writes.ts';
import { inspectWorkspace, passphraseOf } from '../workspace.ts';
import { inspect, verifyLog } from '../../engine/index.ts';
import type { Entry } from '../../ports/outbound/index.ts';
import { workspaceLog } from '../../../src-shared/domain/index.ts';

/** Evidence: is the log whole, and what happened. */

export async function auditVerify(context: CommandContext): Promise<number> {
  try {
    return await verifyLedger(context);
  } catch (error) {
    // A file too damaged to be opened, or to sign in on, is still a finding and not an accident: its pages tell what is lost.
    if (error instanceof CommandFailure && error.code !== 'ledger-damaged') throw error;
    return tellDamage(context, error);
  }
}

async function tellDamage(context: CommandContext, error: unknown): Promise<number> {
  const passphrase = passphraseOf({ env: context.env, passphraseFile: context.options.passphraseFile });
  const pages = (await inspectWorkspace(context.options.workspace, passphrase))?.damagedPages ?? [];
  if (pages.length === 0) throw error;
  const message =
    error instanceof CommandFailure ? error.message : 'The ledger is damaged where it had to be read first. Nothing was changed.';
  const problems = [
    { code: 'ledger-damaged', tenant: null, seq: null, message },
    ...pages.map(({ page, hides }) => ({ code: 'page-damaged', tenant: null, seq: null, message: pageWords(page, hides) })),
  ];
  context.io.result(
    'audit-verify',
    { ok: false, entries: 0, checkpoints: 0, erasedPayloads: 0, problems },
    damageWords(problems, 0),
  );
  return 1;
}

function pageWords(page: number, hides: string): string {
  return `Page ${page} of the ledger file is damaged: ${hides}.`;
}

function damageWords(problems: readonly { readonly code: string; readonly message: string }[], entries: number): string {
  return [
    `The log is NOT whole: ${problems.length} problems in ${entries} entries.`,
    ...problems.map((one) => `  ${one.code}: ${printable(one.message)}`),
    'Keep this file as it is. Do not run the engine on it; call support and compare with the latest checkpoint kept elsewhere.',
  ].join('\n');
}

function verifyLedger(context: CommandContext): Promise<number> {
  return withService(context, 'audit.verify', async ({ deps, actor }) => {
    const report = await verifyLog(deps)(actor, context.signal, (done, total) =>
      context.io.progress(`${done} of ${total} entries checked`),
    );
    context.io.progressEnd();
    const words = report.ok
      ? `The log is whole: ${report.entries} entries, ${report.checkpoints} signed checkpoints.`
      : damageWords(report.problems, report.entries);
    context.io.result('audit-verify', { ...report, problems: report.problems.map((one) => ({ ...one })) }, words);
    return report.ok ? 0 : 1;
  });
}

export interface TimelineOptions {
  readonly write: string | undefined;
  readonly patient: string | undefined;
  readonly encounter: string | undefined;
  readonly user: string | undefined;
}

export function auditTimeline(context: CommandContext, options: TimelineOptions): Promise<number> {
  return withPerson(context, 'audit.read', async (session) => {
    const reader = inspect(session.deps);
    const { actor, deps } = session;
    const named = [options.write, options.patient, options.encounter, options.user].filter((one) => one !== undefined);
    if (named.length !== 1) throw new CommandFailure(2, 'usage', 'Name exactly one of --write, --patient, --encounter, --user.');
    const entries: Entry[] = [];
    if (options.write !== undefined) {
      const view = await reader.write(options.write, actor);
      if (view === undefined) throw new CommandFailure(2, 'write-unknown', `There is no write "${printable(options.write)}".`);
      entries.push(...view.timeline);
    } else if (options.patient !== undefined) {
      for (const { tenant, patientKey } of await patientKeys(session, options.patient)) {
        entries.push(...(await reader.timeline(tenant, { patientKey }, actor)));
      }
    } else {
      const logs = options.user === undefined ? [] : [workspaceLog];
      for (const tenant of [...logs, ...(await deps.ledger.tenants())]) {
        const by =
          options.user === undefined
            ? { encounterKey: encounterKey(session.deps.pseudonym, tenant, options.encounter ?? '') }
            : { actor: options.user };
        entries.push(...(await reader.timeline(tenant, by, actor)));
      }
    }
    for (const entry of entries.map(timelineEntry)) {
      const states = entry.states.length === 0 ? '' : `  ${entry.states.join(' -> ')}`;
      context.io.result(
        'audit-timeline',
        entry,
        `${entry.at}  ${entry.type}${states}  ${printable(entry.stream)}  by ${printable(entry.actor.id)}`,
      );
    }
    return 0;
  });
}

function encounterKey(pseudonym: (tenant: string, text: string) => string, tenant: string, encounter: string): string {
  const words = encounter.includes('|')
    ? `identifier ${encounter}`
    : /^Encounter\/.+$/.test(encounter)
      ? `reference ${encounter}`
      : null;
  if (words === null) throw new CommandFailure(2, 'usage', 'Name the visit as SYSTEM|VALUE or Encounter/ID.');
  return pseudonym(tenant, `encounter ${words}`);
}
