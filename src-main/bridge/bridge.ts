import { handlers, type Call, type Handlers } from './handlers.ts';
import { LogJobs } from './jobs.ts';
import { Notices } from './notices.ts';
import { Refusal, boundaryRefusal } from './refusal.ts';
import { SignInGate, WindowSession } from './sessions.ts';
import type { ConsoleUseCases } from '../ports/inbound/index.ts';
import { contract, isMethod, type Access, type Envelope, type MethodName, type Notice } from '../../src-shared/contract/index.ts';
import { actingRole, type Act, type Actor, type Person } from '../../src-shared/domain/index.ts';

/** One window at the bridge. What it may do is decided here, not in the window. */
export interface BridgeWindow {
  /** Answers every call with an envelope; never rejects. */
  call(method: unknown, request: unknown): Promise<Envelope<unknown>>;
  onNotice(listener: (notice: Notice) => void): () => void;
  /** The window is gone: its session ends. */
  close(): void;
}

/**
 * The process boundary. Every call passes the same gates in the same order: is this window allowed to ask so often, does
 * the method exist, has the request its shape, may this person do it; then the use case, then the shape of the answer.
 * A transport opens a window only after it has made sure of the sender.
 */
export class Bridge {
  private readonly useCases: ConsoleUseCases;
  private readonly handlers: Handlers;
  private readonly notices: Notices;
  private readonly jobs: LogJobs;
  private readonly gate: SignInGate;
  private readonly windows = new Set<{ session: WindowSession; tell: (notice: Notice) => void }>();

  constructor(useCases: ConsoleUseCases) {
    this.useCases = useCases;
    this.gate = new SignInGate(useCases);
    this.notices = new Notices(useCases);
    this.jobs = new LogJobs(useCases, (job) => this.notices.tell({ kind: 'job', job }));
    this.handlers = handlers({ useCases, jobs: this.jobs, onFrame: () => this.notices.tell({ kind: 'frame' }) });
  }

  open(): BridgeWindow {
    const session = new WindowSession(this.useCases, this.gate);
    const listeners = new Set<(notice: Notice) => void>();
    const tell = (notice: Notice): void => {
      for (const listener of listeners) listener(notice);
    };
    const window = { session, tell };
    this.windows.add(window);
    // Somebody who is not signed in, or has locked, is told nothing about the ledger.
    const unsubscribe = this.notices.subscribe((notice) => {
      if (session.holder !== null && !session.holder.locked) tell(notice);
    });
    return {
      call: (method, request) => this.call(window, method, request),
      onNotice: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
      close: () => {
        unsubscribe();
        listeners.clear();
        session.signOut();
        this.windows.delete(window);
      },
    };
  }

  /** Takes account of time passing: locks idle windows and looks for what other processes wrote. */
  async tick(): Promise<void> {
    for (const { session, tell } of this.windows) {
      const became = session.tick();
      if (became !== null) tell({ kind: 'session', state: became });
    }
    await this.notices.lookForOthers();
  }

  close(): void {
    this.jobs.cancelAll();
    this.notices.close();
  }

  private async call(
    { session, tell }: { session: WindowSession; tell: (notice: Notice) => void },
    method: unknown,
    request: unknown,
  ): Promise<Envelope<unknown>> {
    const correlation = this.useCases.random.id();
    try {
      const became = session.tick();
      if (became !== null) tell({ kind: 'session', state: became });
      const answer = await this.answer(session, method, request);
      if (!(answer instanceof Refusal)) return { ok: true, value: answer };
      const { code, message, chart, next } = answer;
      return { ok: false, failure: { code, message, chart, next, correlation } };
    } catch (error) {
      this.useCases.log.write('error', 'call-failed', {
        method: isMethod(method) ? method : null,
        correlation,
        fault: error instanceof Error ? error.name : null,
        // Where, not what: messages of faults can quote clinical text.
        place: error instanceof Error ? placeOf(error) : null,
      });
      return {
        ok: false,
        failure: {
          code: 'internal',
          message: 'Something inside Countersign went wrong.',
          // A decision is on disk before a handler ends, or it is not made; the chart itself is only changed by the engine.
          chart: 'unchanged',
          next: 'Try again. If it stays, give support the number below: the operational log has the rest.',
          correlation,
        },
      };
    }
  }

  private async answer(session: WindowSession, method: unknown, request: unknown): Promise<unknown> {
    if (!session.mayCall())
      return boundaryRefusal('too-many-requests', 'This window asks too often', 'Wait a second and try again');
    if (!isMethod(method)) return boundaryRefusal('method-unknown', 'This version knows no such request', 'Reload the window');
    const parsed = contract[method].request.safeParse(request);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const place = issue === undefined || issue.path.length === 0 ? 'The request' : `"${issue.path.join('.')}"`;
      return boundaryRefusal(
        'request-invalid',
        `${place} is not as it must be: ${issue?.message ?? ''}`,
        'Change what you entered, and try again',
      );
    }
    const allowed = await this.allowed(session, contract[method].access);
    if (allowed instanceof Refusal) return allowed;
    const answer = await this.run(method, parsed.data, { session, ...allowed });
    return answer instanceof Refusal ? answer : contract[method].response.parse(answer);
  }

  /** The one place where types give way to the check above: the request has been parsed by this method's own schema. */
  private run(method: MethodName, request: unknown, call: Partial<Call> & Pick<Call, 'session'>): Promise<unknown> {
    const handler = this.handlers[method] as (request: unknown, call: Partial<Call> & Pick<Call, 'session'>) => Promise<unknown>;
    return handler(request, call);
  }

  private async allowed(
    session: WindowSession,
    access: Access,
  ): Promise<Refusal | { readonly person?: Person; readonly actor?: Actor }> {
    if (access === 'anyone') return {};
    const { holder } = session;
    if (holder === null) return boundaryRefusal('not-signed-in', 'Nobody is signed in at this window', 'Sign in');
    if (holder.locked) return boundaryRefusal('session-locked', 'This window is locked', 'Unlock it with your secret');
    const person = await session.refreshed();
    if (person === undefined)
      return boundaryRefusal('not-signed-in', 'You may no longer act here', 'Ask a security administrator');
    const act: Act = access === 'signed-in' ? 'status' : access;
    const role = actingRole(person, act);
    if (role === undefined)
      return boundaryRefusal(
        'role-forbids',
        `Your role (${person.roles.join(', ')}) may not do this`,
        'Ask somebody whose role may',
      );
    return { person, actor: { kind: 'person', id: person.id, role } };
  }
}

/** File, line and column of the call that raised it. */
function placeOf(error: Error): string | null {
  return /([A-Za-z0-9_-]+\.[jt]s:\d+:\d+)\)?$/m.exec(error.stack ?? '')?.[1] ?? null;
}
