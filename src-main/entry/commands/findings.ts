import { CommandFailure, printable } from '../console-io.ts';
import { withPerson, type CommandContext } from '../session.ts';
import { isoTime, findingView } from '../views.ts';
import { findingWords } from './writes.ts';
import { findings } from '../../engine/index.ts';
import type { SignedWrite } from '../../ports/inbound/index.ts';

/** Findings that a person answers for: listing, acknowledging, waiving. */

export function findingList(context: CommandContext, id: string | undefined): Promise<number> {
  return withPerson(context, 'write.read', async ({ deps }) => {
    const show = ({ row, findings: named }: SignedWrite): void => {
      for (const one of named) {
        const finding = findingView(one);
        context.io.result(
          'finding-list',
          { ...finding, write: row.id, state: row.state.name },
          `${row.id}${findingWords(finding)}`,
        );
      }
    };
    if (id === undefined) {
      for (const one of await findings(deps).waiting())
        show({ ...one, findings: one.findings.filter(({ signature }) => signature === null) });
      return 0;
    }
    const found = await findings(deps).of(id);
    if (found === undefined) throw new CommandFailure(2, 'write-unknown', `There is no write "${printable(id)}".`);
    show(found);
    return 0;
  });
}

export function findingSign(
  context: CommandContext,
  act: 'acknowledge' | 'waive',
  id: string,
  name: string,
  reason: string,
): Promise<number> {
  return withPerson(context, 'finding.sign', async ({ deps, person, actor }) => {
    const outcome = await findings(deps).sign(act, id, name, reason, person, actor);
    if (!outcome.ok)
      throw new CommandFailure(
        outcome.code === 'write-unknown' ? 2 : 1,
        outcome.code,
        `Not signed: ${printable(outcome.message)}.`,
      );
    const { signature, state } = outcome;
    context.io.result(
      `finding-${act}`,
      {
        id,
        state,
        finding: signature.finding,
        act: signature.act,
        by: signature.by,
        role: signature.role,
        at: isoTime(signature.at),
      },
      `${printable(signature.finding)} is ${signature.act} by ${signature.by} (${signature.role}); ${id} is ${state}.`,
    );
    return 0;
  });
}
