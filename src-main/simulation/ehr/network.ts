import type { Chance } from '../chance.ts';
import type { Owner, Scheduler } from '../scheduler.ts';
import type { SimulatedServer, Strike } from './server.ts';
import type { WireRequest, WireResult } from './wire.ts';

export interface NetworkOptions {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly servers: ReadonlyMap<string, SimulatedServer>;
  readonly strike: Strike;
  /**
   * A request arrives within this long of its sending or never. No console can prove absence against requests that arrive
   * at any time; half of what the engine waits for before it believes in absence is theirs, the other half the index's.
   */
  readonly arrivalMaxMs: number;
  /** Told of every request as it leaves. */
  readonly onSent: (request: WireRequest) => void;
}

const LATENCY_MAX_MS = 200;
const SLOW_MAX_MS = 12_000;

/** Carries requests to the simulated EHRs and answers back, or fails to. */
export class Network {
  private readonly options: NetworkOptions;
  private sent = 0;
  private readonly travelling = new Set<number>();

  constructor(options: NetworkOptions) {
    this.options = options;
  }

  /**
   * Whether a request has left and not arrived yet, or waits where it arrived. A copy that the network made of it does not
   * count.
   */
  travels(request: number): boolean {
    return this.travelling.has(request) || [...this.options.servers.values()].some((server) => server.holds(request));
  }

  /** Sends one request once. What it has done to the chart by then, or does later, the result need not tell. */
  exchange(
    owner: Owner,
    parts: Omit<WireRequest, 'number' | 'at' | 'answeredAt' | 'process'>,
    deadlineMs: number,
  ): Promise<WireResult> {
    const { scheduler, strike, arrivalMaxMs } = this.options;
    const request: WireRequest = { ...parts, number: this.sent, process: owner.name, at: scheduler.now, answeredAt: null };
    this.sent += 1;
    const chance = this.options.chance.part(`request ${request.number}`);
    const name = `${request.connection} #${request.number} ${request.method} ${request.path.slice(0, 60)}`;
    const there = chance.part('there').between(1, LATENCY_MAX_MS);
    if (chance.part('none').happens(0.3) && strike('FLT-1', request)) {
      return scheduler.call(owner, `${name} finds nobody`, there, () => ({ lost: 'refused' as const }));
    }
    // The token ran out and the one that was to follow it got lost: nothing can be sent until somebody signs in again.
    if (chance.part('token').happens(0.3) && strike('FLT-7', request)) {
      return scheduler.call(owner, `${name} is not signed in`, there, () => ({ lost: 'not signed in' as const }));
    }
    this.options.onSent(request);
    return new Promise((resolve) => {
      const giveUp = scheduler.after(deadlineMs, `${name} times out`, owner, () => resolve({ lost: 'timeout' }));
      const end = (ms: number, what: string, result: WireResult): void => {
        scheduler.after(ms, `${name} ${what}`, owner, () => {
          giveUp();
          resolve(result);
        });
      };
      const lose = (ms: number): void => {
        // Some losses are noticed, some only by the clock.
        if (chance.part('noticed').happens(0.6)) end(ms, 'is reset', { lost: 'reset' });
      };
      if (strike('FLT-1', request)) return lose(there);
      if (strike('FLT-4', request)) {
        const noticed = chance.part('broken').between(1, Math.floor(arrivalMaxMs / 3));
        this.arrive(request, name, chance.part('late').between(noticed, arrivalMaxMs), chance, () => undefined);
        return lose(noticed);
      }
      this.arrive(request, name, there, chance, (answer) => {
        const slow = strike('FLT-18', request) ? chance.part('slow').between(LATENCY_MAX_MS, SLOW_MAX_MS) : 0;
        const back = slow + chance.part('back').between(1, LATENCY_MAX_MS);
        if (strike('FLT-2', request)) return lose(back);
        const cut = strike('FLT-5', request) ? { ...answer, body: 'cut' as const } : answer;
        end(back, `is answered ${answer.status}`, { answer: cut });
      });
      if (request.method !== 'GET' && strike('FLT-3', request)) {
        this.arrive(request, `${name} (again)`, chance.part('again').between(there, arrivalMaxMs), chance, () => undefined);
      }
    });
  }

  private arrive(
    request: WireRequest,
    name: string,
    ms: number,
    chance: Chance,
    onAnswer: (answer: ReturnType<SimulatedServer['handle']>) => void,
  ): void {
    const { scheduler, servers } = this.options;
    this.travelling.add(request.number);
    // Belongs to nobody: what has left arrives, whatever becomes of the process that sent it.
    scheduler.after(ms, `${name} arrives`, null, () => {
      const server = servers.get(request.connection);
      if (server === undefined) throw new RangeError(`no EHR behind ${request.connection}`);
      this.travelling.delete(request.number);
      request.answeredAt = scheduler.now;
      onAnswer(server.handle(request, scheduler.now, chance.part('server')));
    });
  }
}
