import type { Chance } from '../chance.ts';
import type { Scheduler } from '../scheduler.ts';

/** How far an EHR is with something that it accepted. */
export type JobState = 'running' | 'done' | 'failed';

interface Job {
  readonly request: number;
  readonly perform: (now: number) => void;
  readonly chance: Chance;
  state: JobState;
  prolonged: boolean;
}

const FOLDER = 'jobs/';
const LONG_MAX_MS = 60_000;
const FAILING = 0.3;

/**
 * What an EHR answers with 202 and an address to ask at (R4, https://hl7.org/fhir/R4/async.html), and carries out later or
 * not at all. Nobody could prove absence against an EHR that takes its time over what nobody knows it accepted: such work is
 * done within the time in which any request arrives. Where the address is on record, it may take much longer.
 */
export class Jobs {
  private readonly scheduler: Scheduler;
  private readonly withinMs: number;
  private readonly isKnown: (address: string) => boolean;
  private readonly jobs: Job[] = [];

  /**
   * @param withinMs after the request left, work ends that nobody knows of
   * @param isKnown whether a console has recorded that it may ask at an address
   */
  constructor(scheduler: Scheduler, withinMs: number, isKnown: (address: string) => boolean) {
    this.scheduler = scheduler;
    this.withinMs = withinMs;
    this.isKnown = isKnown;
  }

  /** Accepts the work of a request; returns the address at which to ask for it. */
  accept(request: { readonly number: number; readonly at: number }, chance: Chance, perform: (now: number) => void): string {
    const address = `${FOLDER}${this.jobs.length}`;
    const job: Job = { request: request.number, perform, chance, state: 'running', prolonged: false };
    this.jobs.push(job);
    const left = request.at + this.withinMs - this.scheduler.now;
    this.end(job, address, chance.part('soon').between(Math.ceil(Math.max(0, left) / 2), Math.max(0, left)));
    return address;
  }

  /** Tells how far the work at an address is; `undefined`: there is no such work. */
  ask(address: string): JobState | undefined {
    return address.startsWith(FOLDER) ? this.jobs[Number(address.slice(FOLDER.length))]?.state : undefined;
  }

  /** Whether the work of a request is still to come. */
  hold(request: number): boolean {
    return this.jobs.some((job) => job.request === request && job.state === 'running');
  }

  private end(job: Job, address: string, ms: number): void {
    this.scheduler.after(ms, `what was accepted as #${job.request} ends`, null, () => {
      if (!job.prolonged && this.isKnown(address)) {
        job.prolonged = true;
        return this.end(job, address, job.chance.part('long').between(0, LONG_MAX_MS));
      }
      const fails = job.chance.part('fails').happens(FAILING);
      job.state = fails ? 'failed' : 'done';
      if (!fails) job.perform(this.scheduler.now);
    });
  }
}
