import type { LogJob } from '../../src-shared/contract/index.ts';

/** How far a check is, in percent of its whole; `null` while that is not known. */
export function percentDone(job: Pick<LogJob, 'done' | 'total'>): number | null {
  return job.total === null || job.total === 0 ? null : Math.min(100, Math.floor((job.done / job.total) * 100));
}

/** How far it is, in words. */
export function progressWords(job: Pick<LogJob, 'done' | 'total'>): string {
  const done = job.done.toLocaleString();
  return job.total === null ? `${done} entries checked` : `${done} of ${job.total.toLocaleString()} entries checked`;
}

/** What came out, in one sentence. */
export function reportWords(report: NonNullable<LogJob['report']>): string {
  const entries = `${report.entries.toLocaleString()} ${report.entries === 1 ? 'entry' : 'entries'}`;
  const checkpoints = `${report.checkpoints.toLocaleString()} signed ${report.checkpoints === 1 ? 'checkpoint' : 'checkpoints'}`;
  if (report.ok) return `The log is whole: ${entries} and ${checkpoints} agree.`;
  const problems = report.problems.length;
  return `The log has been changed or damaged: ${problems.toLocaleString()} ${problems === 1 ? 'problem' : 'problems'} in ${entries}.`;
}
