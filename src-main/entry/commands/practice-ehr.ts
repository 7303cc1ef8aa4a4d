import { readFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { CommandFailure, printable } from '../console-io.ts';
import type { CommandContext } from '../session.ts';
import { systemTimers, workspacePaths } from '../../platform/index.ts';
import { faultPlan, startPracticeEhr } from '../../practice-ehr/index.ts';

export interface PracticeEhrOptions {
  readonly port: number | undefined;
  readonly profile: string;
  readonly faults: string | undefined;
  readonly load: readonly string[] | undefined;
}

/** `practice-ehr`: the practice EHR on its own, until it is told to stop. Needs no workspace and no passphrase. */
export async function practiceEhr(context: CommandContext, options: PracticeEhrOptions): Promise<number> {
  const folder = path.resolve(context.options.workspace);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const faults = options.faults === undefined ? undefined : readFaults(options.faults);
  const server = await startPracticeEhr({
    dataFile: workspacePaths(folder).practiceChart,
    profile: options.profile,
    ...(options.port === undefined ? {} : { port: options.port }),
    ...(faults === undefined ? {} : { faults }),
    ...(options.load === undefined ? {} : { load: [...options.load] }),
  });
  // Its first line is the address, as JSON, whether --json was given or not: scripts wait for it.
  process.stdout.write(`${JSON.stringify({ baseUrl: server.baseUrl, controlUrl: server.controlUrl })}\n`);
  context.io.note(`Practice EHR at ${server.baseUrl}. Synthetic data only. Ctrl-C ends it.`);
  while (await systemTimers.sleep(HOUR_MS, context.signal)) continue;
  await server.close();
  return 0;
}

const HOUR_MS = 60 * 60_000;

function readFaults(file: string) {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new CommandFailure(2, 'faults-unreadable', `The fault plan ${printable(file)} cannot be read as JSON.`);
  }
  const plan = faultPlan.safeParse(json);
  if (!plan.success)
    throw new CommandFailure(
      2,
      'faults-invalid',
      `The fault plan ${printable(file)} is not valid: ${plan.error.issues[0]?.message ?? ''}`,
    );
  return plan.data;
}
