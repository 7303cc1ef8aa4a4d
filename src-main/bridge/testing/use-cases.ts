import type { CommitNote, ConsoleUseCases, DecisionOutcome, EngineStatus, Triage } from '../../ports/inbound/index.ts';
import type { Person } from '../../../src-shared/domain/index.ts';
import { contract, person as anyPerson, write } from '../../../src-shared/domain/testing/builders.ts';

/** Use cases as the bridge sees them, with a clock that the test moves and calls that it can read back. */
export class TestUseCases implements ConsoleUseCases {
  now_ = 0;
  readonly registered = new Map<string, Person>();
  readonly secrets = new Map<string, string>();
  readonly calls: string[] = [];
  /** How long ago whoever approved had given their secret, milliseconds. */
  readonly ages: number[] = [];
  readonly logged: Readonly<Record<string, unknown>>[] = [];
  revisionNow = 0;
  engineStatus: EngineStatus = { state: 'running', words: '', since: 0 };
  /** What `triage.write` throws, for faults. */
  fault: Error | null = null;
  readonly row = write({ id: 'a'.repeat(52) });
  private readonly committed = new Set<(commit: CommitNote) => void>();
  private readonly engineListeners = new Set<() => void>();
  private readonly sleepers: { at: number; wake: (whole: boolean) => void }[] = [];

  constructor() {
    this.register(anyPerson({ id: 'dr-lee', name: 'Dana Lee', roles: ['clinician'] }), 'lee-secret');
    this.register(anyPerson({ id: 'sam', name: 'Sam Rivera', roles: ['operator', 'operations-lead'] }), 'sam-secret');
    this.register(anyPerson({ id: 'ana', name: 'Ana Kovac', roles: ['auditor'] }), 'ana-secret');
  }

  register(person: Person, secret: string): void {
    this.registered.set(person.id, person);
    this.secrets.set(person.id, secret);
  }

  /** Moves time on and wakes whoever slept until then. */
  async advance(ms: number): Promise<void> {
    this.now_ += ms;
    for (const sleeper of this.sleepers.splice(0)) {
      if (sleeper.at <= this.now_) sleeper.wake(true);
      else this.sleepers.push(sleeper);
    }
    await new Promise((resolve) => setImmediate(resolve));
  }

  commit(note: CommitNote): void {
    this.revisionNow += note.entries;
    for (const listener of this.committed) listener(note);
  }

  engineChanged(status: EngineStatus): void {
    this.engineStatus = status;
    for (const listener of this.engineListeners) listener();
  }

  async people(): Promise<readonly Person[]> {
    return [...this.registered.values()];
  }
  async person(id: string): Promise<Person | undefined> {
    return this.registered.get(id);
  }
  async signIn(id: string, secret: string): ReturnType<ConsoleUseCases['signIn']> {
    this.calls.push(`signIn ${id}`);
    const person = this.registered.get(id);
    if (person === undefined || this.secrets.get(id) !== secret)
      return { ok: false, code: 'secret-wrong', message: 'the person or the secret is not right' };
    return { ok: true, person };
  }
  practiceSecrets(): null {
    return null;
  }

  readonly triage: Triage = {
    page: async () => ({
      total: 1,
      writes: [this.listed()],
      groups: [{ state: null, code: null, count: 1 }],
      revision: this.revisionNow,
    }),
    rows: async () => [this.listed()],
    find: async () => [],
    counts: async () => ({ pending: 0, open: 0, committed: 1, all: 1, awaitingApproval: 0, conflicts: 0 }),
    today: async () => ({
      since: 0,
      safe: 1,
      all: 1,
      pulledDownBy: [],
      unknown: 0,
      oldestUnknownAt: null,
      unsent: 0,
      oldestUnsentAt: null,
      awaiting: { count: 0, oldestAt: null, high: 0 },
      needsPerson: [],
      connections: [],
    }),
    write: async (id) => {
      if (this.fault !== null) throw this.fault;
      this.calls.push(`write ${id}`);
      if (id !== this.row.id) return undefined;
      return {
        view: {
          row: this.row,
          event: undefined,
          prepared: null,
          findings: [finding],
          signed: [],
          facts: null,
          normalized: null,
          exchanges: [],
          withheld: [],
          reads: null,
          timeline: [],
        },
        title: 'Progress note',
        subject: null,
        contract: contract(),
        actions: [],
        siblings: [],
        evidence: [],
      };
    },
    texts: async () => undefined,
    chartNow: async () => undefined,
    approvals: async () => ({ waiting: [], others: 0, decided: [] }),
    connections: async () => [],
    tenants: async () => ['north'],
    anchor: async () => ({ at: null, entriesSince: 0 }),
    revision: async () => this.revisionNow,
  };

  readonly decide: ConsoleUseCases['decide'] = {
    approve: async (id, person, _meaning, seenSha256, acknowledged = [], age = 0) => {
      this.ages.push(age);
      return this.decided(`approve ${id} ${person.id} ${seenSha256} ${acknowledged.join()}`, id);
    },
    select: async (id, person) => this.decided(`select ${id} ${person.id}`, id),
    reject: async (id, person, reason) => this.decided(`reject ${id} ${person.id} ${reason}`, id),
    retry: async (id, person) => this.decided(`retry ${id} ${person.id}`, id),
    withdraw: async (id, person) => this.decided(`withdraw ${id} ${person.id}`, id),
    resolve: async (id, person) => this.decided(`resolve ${id} ${person.id}`, id),
    attestFound: async (id, person) => this.decided(`found ${id} ${person.id}`, id),
    attestAbsent: async (id, person) => this.decided(`absent ${id} ${person.id}`, id),
  };

  readonly findings: ConsoleUseCases['findings'] = {
    of: async () => undefined,
    waiting: async () => [],
    sign: async (act, id, name) => {
      this.calls.push(`${act} ${id} ${name}`);
      return { ok: false, code: 'self-waiver', message: 'the rule asks for somebody else' };
    },
  };

  readonly testConnection = async (): Promise<undefined> => undefined;
  readonly verifyLog: ConsoleUseCases['verifyLog'] = async (_actor, signal, progress) => {
    progress(1, 3);
    await new Promise((resolve) => setImmediate(resolve));
    signal.throwIfAborted();
    progress(3, 3);
    return { ok: true, entries: 3, checkpoints: 1, erasedPayloads: 0, problems: [] };
  };
  readonly engine: ConsoleUseCases['engine'] = {
    status: () => this.engineStatus,
    pause: async (actor) => this.engineChanged({ state: 'paused', words: `by ${actor.id}`, since: 0 }),
    resume: async () => this.engineChanged({ state: 'running', words: '', since: 0 }),
    onChange: (listener) => {
      this.engineListeners.add(listener);
      return () => this.engineListeners.delete(listener);
    },
  };
  onCommitted(listener: (commit: CommitNote) => void): () => void {
    this.committed.add(listener);
    return () => this.committed.delete(listener);
  }
  readonly clock = { now: () => this.now_, monotonic: () => this.now_ };
  readonly timers = {
    sleep: (ms: number, signal?: AbortSignal) =>
      new Promise<boolean>((wake) => {
        this.sleepers.push({ at: this.now_ + ms, wake });
        signal?.addEventListener('abort', () => wake(false), { once: true });
      }),
  };
  readonly random = { fraction: () => 0.5, bytes: (count: number) => new Uint8Array(count), id: () => 'c'.repeat(26) };
  readonly log = {
    write: (level: string, event: string, fields: object = {}) => {
      this.logged.push({ level, event, ...fields });
    },
  };

  private listed() {
    return { row: this.row, title: 'Progress note', subject: null };
  }

  private decided(call: string, id: string): DecisionOutcome {
    this.calls.push(call);
    // What the engine says to whoever acknowledges something else.
    if (call.endsWith(' other')) return { ok: false, code: 'findings-not-acknowledged', message: 'one finding is left' };
    return { ok: true, id, state: 'pending' };
  }
}

export const finding = {
  rule: 'dose-not-heard',
  severity: 'review',
  path: 'note.sections[0]',
  message: 'the dose is not in the transcript',
  next: 'compare with the transcript',
} as const;
