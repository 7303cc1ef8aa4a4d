import { runEngine, type EngineDeps } from '../engine/index.ts';
import { acquireEngineLock, LedgerError, type EngineLock } from '../ledger/index.ts';
import type { EngineControl, EngineStatus } from '../ports/inbound/index.ts';
import { stopCode, stopWords, workspaceLog, type Actor } from '../../src-shared/domain/index.ts';

/** How often a process that found the engine's place taken looks whether it has become free. */
const RETRY_MS = 3_000;

/**
 * The engine beside a window: it takes the engine's place in the workspace when it is free, runs until it is paused or
 * closed, and always says how it stands. The place is kept while paused: the practice EHR lives with it.
 */
export class EngineHost implements EngineControl {
  private readonly folder: string;
  private readonly deps: EngineDeps;
  private readonly listeners = new Set<() => void>();
  private readonly closing = new AbortController();
  private lock: EngineLock | null = null;
  private running: { readonly abort: AbortController; readonly ended: Promise<void> } | null = null;
  private current: EngineStatus;
  private wanted = true;

  constructor(folder: string, deps: EngineDeps) {
    this.folder = folder;
    this.deps = deps;
    this.current = { state: 'starting', words: 'The engine is starting.', since: deps.clock.now() };
  }

  /** True while this process has the engine's place, running or paused. */
  get holdsLock(): boolean {
    return this.lock !== null;
  }

  status(): EngineStatus {
    return this.current;
  }

  onChange(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Starts the engine, or waits in the background for its place to become free. */
  async start(): Promise<void> {
    while (!this.closing.signal.aborted) {
      const lock = await acquireEngineLock(this.folder);
      if (!('heldBy' in lock)) {
        this.lock = lock;
        if (this.wanted) this.run();
        else this.become('paused', PAUSED);
        return;
      }
      const { heldBy } = lock;
      const who = heldBy === null ? 'another process' : `process ${heldBy.pid} on ${heldBy.host}`;
      this.become('elsewhere', `The engine of this workspace runs in ${who}.`);
      await this.deps.timers.sleep(RETRY_MS, this.closing.signal);
    }
  }

  async pause(actor: Actor): Promise<void> {
    this.wanted = false;
    await this.record('engine.paused', actor);
    await this.halt();
    if (this.lock !== null) this.become('paused', PAUSED);
  }

  async resume(actor: Actor): Promise<void> {
    this.wanted = true;
    await this.record('engine.resumed', actor);
    if (this.lock !== null && this.running === null) this.run();
  }

  /** Lets what is under way settle, and gives the engine's place back. */
  async close(): Promise<void> {
    this.closing.abort();
    await this.halt();
    await this.lock?.release();
    this.lock = null;
    this.become('stopped', 'The engine has stopped.');
  }

  private run(): void {
    const abort = new AbortController();
    this.become('running', '');
    const ended = runEngine(this.deps)({ drain: false, maxMs: null, signal: abort.signal }).then(
      () => undefined,
      (error: unknown) => this.failed(error),
    );
    this.running = { abort, ended };
  }

  private async halt(): Promise<void> {
    const { running } = this;
    if (running === null) return;
    this.running = null;
    running.abort.abort();
    await running.ended;
  }

  private failed(error: unknown): void {
    this.running = null;
    this.deps.log.write('error', 'engine-failed', { fault: error instanceof Error ? error.name : null });
    this.become('failed', `The engine has stopped. ${stopWords(stopCode(error instanceof LedgerError ? error.code : null))}`);
  }

  private become(state: EngineStatus['state'], words: string): void {
    if (this.current.state === state && this.current.words === words) return;
    this.current = { state, words, since: this.deps.clock.now() };
    for (const listener of this.listeners) listener();
  }

  private async record(type: 'engine.paused' | 'engine.resumed', actor: Actor): Promise<void> {
    const { ledger, clock, random, engineId } = this.deps;
    await ledger.commit({
      tenant: workspaceLog,
      expected: [],
      entries: [
        {
          type,
          stream: `engine/${engineId}`,
          at: clock.now(),
          actor,
          patientKey: null,
          correlation: random.id(),
          body: { engine: engineId },
        },
      ],
    });
  }
}

const PAUSED = 'A person has paused the engine: what was under way has settled, and nothing more is sent. Reading goes on.';
