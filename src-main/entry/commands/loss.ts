import { CommandFailure, printable } from '../console-io.ts';
import { withEngineLock } from '../engine-lock.ts';
import { withPersonAfterLoss, type CommandContext } from '../session.ts';
import { isoTime } from '../views.ts';
import { lookForLost, recordLoss } from '../../engine/index.ts';

/**
 * Going on with a ledger that lost its end: put on record by a person, writes switched off, and everything that may have been
 * sent in the time that is lost looked for in the chart. Nothing is sent.
 */
export function acceptLoss(context: CommandContext, reason: string): Promise<number> {
  if (reason.trim() === '') throw new CommandFailure(2, 'usage', 'Say why with --reason; it is put on record.');
  return withPersonAfterLoss(context, 'loss.accept', ({ deps, person, actor }, loss) =>
    withEngineLock(context.options.workspace, async () => {
      if (loss === null)
        throw new CommandFailure(
          2,
          'nothing-lost',
          'The ledger has lost nothing that Countersign knows of. Nothing was changed.',
        );
      if (!(await recordLoss(deps, loss, reason, person.id, actor)))
        throw new CommandFailure(
          2,
          'state-forbids',
          'The ledger was changed at the same moment. Nothing was accepted; try again.',
        );
      // Only what is on record may be settled: until then the ledger is refused.
      loss.settle();
      const looked = await lookForLost(deps, context.signal, (now) =>
        context.io.progress(`${now.looked} writes looked for, ${now.found} found`),
      );
      context.io.progressEnd();
      const since = isoTime(loss.lastAt);
      const logs = loss.logs.map(({ tenant, had, has }) => ({ tenant, had, has }));
      const words = [
        ...logs.map((log) => `${printable(log.tenant)} had ${log.had} entries and goes on with ${log.has}.`),
        `${looked.looked} writes were looked for in the chart: ${looked.found} stand there and are attached, ${looked.absent} do not, ${looked.unclear} could not be told.`,
        'Writes are switched off. What was not found is looked for once more before it is sent.',
        `Next: hand in again everything since ${since}; decide again what people decided since then (withdrawals, switches, consents); then "switch writes on".`,
      ];
      context.io.result('audit-accept-loss', { logs, since, ...looked, writesSwitchedOff: true }, words.join('\n'));
      return 0;
    }),
  );
}
