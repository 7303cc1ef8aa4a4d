import { CommandFailure, printable } from '../console-io.ts';
import { withEngineLock } from '../engine-lock.ts';
import { withService, type CommandContext, type Session } from '../session.ts';
import { isoTime } from '../views.ts';
import { alertsNow, clockNow, restsNow, runEngine, takeIn } from '../../engine/index.ts';
import { recordsOf, UnreadableFile } from '../../intake/index.ts';
import { readEngineLockHolder } from '../../ledger/index.ts';
import type { ClockView, Receipt } from '../../ports/inbound/index.ts';
import type { RaisedAlarm } from '../../ports/outbound/index.ts';
import { failureOf, settledStates, stopCode, stopWords, switchWords, type StateName } from '../../../src-shared/domain/index.ts';

/** Taking in, running, and how things stand. */

export function ingest(context: CommandContext, files: readonly string[]): Promise<number> {
  return withService(context, 'ingest', async (session) => {
    const counts = { accepted: 0, duplicate: 0, 'new-version': 0, refused: 0 };
    let unreadable = 0;
    for (const file of files) {
      try {
        for await (const receipt of takeIn(session.deps)(recordsOf(file, context.stdin), session.actor)) {
          counts[receipt.status] += 1;
          tell(context, files.length > 1 ? file : null, receipt);
        }
      } catch (error) {
        if (!(error instanceof UnreadableFile)) throw error;
        unreadable += 1;
        context.io.note(`Not read: ${printable(error.message)}. Records before this point are safe; nothing is half-written.`);
      }
    }
    context.io.note(
      `${counts.accepted} accepted, ${counts['new-version']} new versions, ${counts.duplicate} known already, ${counts.refused} refused.`,
    );
    return counts.refused + unreadable > 0 ? 1 : 0;
  });
}

function tell(context: CommandContext, file: string | null, receipt: Receipt): void {
  const { line, eventId, status, code, message } = receipt;
  const { kept = [], ...plain } = receipt;
  const output = {
    ...plain,
    writes: [...receipt.writes],
    ...(kept.length === 0 ? {} : { kept: kept.map((one) => ({ ...one })) }),
    ...(file === null ? {} : { file }),
  };
  const refusal =
    code === undefined ? '' : `: ${failureOf(code).words} ${printable(message ?? '')} [${code}] ${failureOf(code).next}`;
  const writes = receipt.writes.length === 1 ? '1 write' : `${receipt.writes.length} writes`;
  const detail = status === 'refused' ? refusal : ` (${writes})`;
  context.io.result(
    'ingest',
    output,
    [
      `${file === null ? '' : `${file} `}line ${line}: ${printable(eventId ?? 'record')} ${status}${detail}`,
      ...kept.map(({ slot, reason }) => `  ${printable(slot)} is kept and not charted: ${printable(reason)}`),
    ].join('\n'),
  );
}

export interface RunCommandOptions {
  readonly drain: boolean;
  readonly maxSeconds: number | undefined;
}

export function run(context: CommandContext, options: RunCommandOptions): Promise<number> {
  return withService(context, 'run', (session) =>
    withEngineLock(context.options.workspace, async () => {
      const { end, seconds, recovered } = await runToEnd(context, session, options);
      const { byState } = await session.deps.ledger.counts();
      const totals = Object.entries(byState).map(([state, count]) => `${count} ${state}`);
      const words = [`${ENDS[end]} after ${seconds.toFixed(1)} s: ${totals.join(', ') || 'no writes'}.`];
      if (recovered.inFlight > 0)
        words.push(
          `${recovered.inFlight} writes were under way when the engine last stopped; they were looked for, not sent again blindly.`,
        );
      context.io.result('run', { end, recovered, totals: byState, seconds }, words.join('\n'));
      return end === 'out-of-time' || (options.drain && end !== 'drained') ? 1 : 0;
    }),
  );
}

const ENDS = { drained: 'Drained', stopped: 'Stopped', 'out-of-time': 'Out of time' } as const;

export async function runToEnd(context: CommandContext, session: Session, options: RunCommandOptions) {
  const { deps } = session;
  const startedAt = deps.clock.monotonic();
  let shownAt = 0;
  let showing = Promise.resolve();
  let shown = true;
  const show = (): void => {
    const now = deps.clock.monotonic();
    if (!shown || now - shownAt < PROGRESS_MS) return;
    shownAt = now;
    shown = false;
    showing = deps.ledger.counts().then(({ byState }) => {
      context.io.progress(progressLine(byState, (deps.clock.monotonic() - startedAt) / 1000));
      shown = true;
    });
  };
  const maxMs = options.maxSeconds === undefined ? null : options.maxSeconds * 1000;
  const { end, recovered } = await runEngine(deps)({ drain: options.drain, maxMs, signal: context.signal, onProgress: show });
  await showing;
  context.io.progressEnd();
  return { end, recovered, seconds: (deps.clock.monotonic() - startedAt) / 1000 };
}

const PROGRESS_MS = 200;

function progressLine(byState: Readonly<Partial<Record<StateName, number>>>, seconds: number): string {
  const all = Object.values(byState).reduce((sum, count) => sum + count, 0);
  const settled = settledStates.reduce((sum, state) => sum + (byState[state] ?? 0), 0);
  const waiting = (byState['awaiting-approval'] ?? 0) + (byState.held ?? 0) + (byState.conflict ?? 0);
  return `${byState.committed ?? 0} charted, ${settled} of ${all} settled, ${waiting} waiting for people, ${byState.unknown ?? 0} being looked for, ${seconds.toFixed(0)} s`;
}

export function status(context: CommandContext): Promise<number> {
  return withService(context, 'status', async ({ deps }) => {
    const counts = await deps.ledger.counts();
    const now = deps.clock.now();
    const age = (at: number | null): number | null => (at === null ? null : Math.max(0, Math.round((now - at) / 1000)));
    const switches = (await deps.ledger.rows('switch')).filter((one) => one.off);
    const alerts = await alertsNow(deps);
    const clock = await clockNow(deps.ledger);
    const lock = await readEngineLockHolder(context.options.workspace);
    // Without an engine nothing is kept back by one.
    const rests = lock === null ? [] : await restsNow(deps.ledger);
    const raised = deps.alarm?.raised() ?? null;
    const writes = Object.values(counts.byState).reduce((sum, count) => sum + count, 0);
    const output = {
      writes,
      states: { ...counts.byState },
      groups: { ...counts.byGroupState },
      connections: Object.fromEntries(Object.entries(counts.byConnection).map(([name, states]) => [name, { ...states }])),
      resting: rests.map(({ connection, what, since, code, down }) => ({
        connection,
        what,
        since: isoTime(since),
        code,
        words: failureOf(code).words,
        held: down,
      })),
      queue: { oldestUnsettledSeconds: age(counts.oldestUnsettledAt), oldestUnknownSeconds: age(counts.oldestUnknownAt) },
      alerts: alerts.map((alert) => ({ ...alert })),
      switches: switches.map(({ what, scope, reason, by, at }) => ({
        what,
        scope: { ...scope },
        reason,
        by,
        since: isoTime(at),
      })),
      clock:
        clock === null
          ? null
          : {
              safe: clock.safe,
              since: isoTime(clock.since),
              words: clock.words,
              jumpMs: clock.jumpMs,
              evidence: clock.evidence.map((one) => ({ ...one, at: isoTime(one.at) })),
            },
      engine: {
        running: lock !== null,
        pid: lock?.pid ?? null,
        host: lock?.host ?? null,
        since: lock === null ? null : isoTime(Date.parse(lock.since)),
        alarm: raised === null ? null : alarmOf(raised),
      },
    };
    const lines = [
      ...(output.engine.alarm === null ? [] : [`ALARM: the engine has stopped. ${output.engine.alarm.words}`]),
      `${writes} writes: ${list(counts.byState)}.`,
      `Groups: ${list(counts.byGroupState)}.`,
      ...Object.entries(counts.byConnection).map(([name, states]) => `Connection ${name}: ${list(states)}.`),
      ...output.resting.map(
        ({ connection, what, since, words, held }) =>
          `Resting: ${connection} ${what === 'changes' ? 'is sent no changes' : 'is not asked anything'} since ${since}, but for one try now and then. ${words}${held ? ' What is due for it is held.' : ''}`,
      ),
      output.queue.oldestUnsettledSeconds === null
        ? 'Nothing is open.'
        : `Oldest open write: ${output.queue.oldestUnsettledSeconds} s.`,
      output.queue.oldestUnknownSeconds === null
        ? 'No outcome is unknown.'
        : `Oldest unknown outcome: ${output.queue.oldestUnknownSeconds} s.`,
      ...alerts.map((alert) => `Alert: ${alert.writes} ${alert.kind === 'emergency-unreviewed' ? '' : 'writes '}${alert.words}.`),
      ...switches.map(
        (one) =>
          `Switched off: ${one.what} for ${printable(switchWords(one.scope))}, by ${printable(one.by)}: ${printable(one.reason)}`,
      ),
      clockWords(clock),
      lock === null ? 'No engine is running.' : `An engine runs: process ${lock.pid} on ${lock.host}.`,
    ];
    context.io.result('status', output, lines.join('\n'));
    return 0;
  });
}

/** Why the engine last stopped by itself, until one has started again. */
function alarmOf({ code, at }: RaisedAlarm) {
  const stop = stopCode(code);
  return { code: stop, since: at === null ? null : isoTime(at), words: stopWords(stop) };
}

function clockWords(clock: ClockView | null): string {
  if (clock === null) return 'Clock: no engine has compared it with an EHR yet.';
  const { safe, since, words, evidence } = clock;
  const beside = evidence.map(({ connection, skewMs }) => `${connection} ${(skewMs / 1000).toFixed(1)} s`).join(', ');
  const head = safe ? 'Clock: can be trusted' : `Clock: cannot be trusted, nothing is sent; ${printable(words ?? '')}`;
  return `${head}, since ${isoTime(since)}${beside === '' ? '' : ` (EHRs ahead by: ${printable(beside)})`}.`;
}

function list(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  return parts.length === 0 ? 'none' : parts.join(', ');
}

/** A whole number of seconds from the command line. */
export function secondsOption(text: string): number {
  const seconds = Number(text);
  if (!Number.isFinite(seconds) || seconds <= 0)
    throw new CommandFailure(2, 'usage', `"${printable(text)}" is not a number of seconds.`);
  return seconds;
}
