import type { ConsoleUseCases } from '../ports/inbound/index.ts';
import type { VerifyReport } from '../ports/outbound/index.ts';
import type { Response } from '../../src-shared/contract/index.ts';
import type { Actor } from '../../src-shared/domain/index.ts';

type LogJob = Response<'log.verify'>;

interface Job {
  readonly id: string;
  readonly abort: AbortController;
  state: LogJob['state'];
  done: number;
  total: number | null;
  report: VerifyReport | null;
  words: string;
}

/** Checks of the log that people have asked for: one at a time, with progress, and to be cancelled at any moment. */
export class LogJobs {
  private readonly useCases: Pick<ConsoleUseCases, 'verifyLog' | 'random' | 'log'>;
  private readonly onChange: (job: string) => void;
  private readonly jobs = new Map<string, Job>();

  constructor(useCases: Pick<ConsoleUseCases, 'verifyLog' | 'random' | 'log'>, onChange: (job: string) => void) {
    this.useCases = useCases;
    this.onChange = onChange;
  }

  /** Starts a check, or shows the one that is running: a second one would only slow down the first. */
  start(actor: Actor): LogJob {
    const running = [...this.jobs.values()].find((job) => job.state === 'running');
    if (running !== undefined) return shown(running);
    const job: Job = {
      id: this.useCases.random.id(),
      abort: new AbortController(),
      state: 'running',
      done: 0,
      total: null,
      report: null,
      words: 'The log is being checked.',
    };
    // Only the newest finished one is kept.
    this.jobs.clear();
    this.jobs.set(job.id, job);
    void this.run(job, actor);
    return shown(job);
  }

  read(id: string): LogJob | undefined {
    const job = this.jobs.get(id);
    return job === undefined ? undefined : shown(job);
  }

  cancel(id: string): LogJob | undefined {
    const job = this.jobs.get(id);
    job?.abort.abort();
    return this.read(id);
  }

  cancelAll(): void {
    for (const job of this.jobs.values()) job.abort.abort();
  }

  private async run(job: Job, actor: Actor): Promise<void> {
    try {
      const report = await this.useCases.verifyLog(actor, job.abort.signal, (done, total) => {
        job.done = done;
        job.total = total;
        this.onChange(job.id);
      });
      job.report = report;
      job.state = 'done';
      job.words = report.ok
        ? `The log is whole: ${report.entries} entries, ${report.checkpoints} signed checkpoints.`
        : `The log is NOT whole: ${report.problems.length} problems in ${report.entries} entries. Stop the engine and keep the file as it is.`;
    } catch (error) {
      job.state = job.abort.signal.aborted ? 'cancelled' : 'failed';
      job.words = job.abort.signal.aborted
        ? 'The check was cancelled. Nothing was changed.'
        : 'The log could not be checked. Nothing was changed.';
      if (!job.abort.signal.aborted)
        this.useCases.log.write('error', 'log-check-failed', { fault: error instanceof Error ? error.name : null });
    }
    this.onChange(job.id);
  }
}

function shown({ id, state, done, total, report, words }: Job): LogJob {
  return {
    job: id,
    state,
    done,
    total,
    report: report === null ? null : { ...report, problems: report.problems.map((one) => ({ ...one })) },
    words,
  };
}
