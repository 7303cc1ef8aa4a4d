import { Refusal, boundaryRefusal } from './refusal.ts';
import { connectionStateView, chartNowView, queuePage, queueRow, todayResponse, writeView } from './views.ts';
import { isoTime, personView } from './shapes.ts';
import type { LogJobs } from './jobs.ts';
import type { WindowSession } from './sessions.ts';
import type { ConsoleUseCases, DecisionOutcome, SigningOutcome } from '../ports/inbound/index.ts';
import type { MethodName, Request, Response } from '../../src-shared/contract/index.ts';
import {
  acts,
  failureOf,
  failures,
  mayAct,
  type Actor,
  type Environment,
  type FailureCode,
  type Person,
} from '../../src-shared/domain/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

/** What a handler may rely on: sender, shape and role have been checked before it is called. */
export interface Call {
  readonly session: WindowSession;
  /** Who asks, in the role that lets them; `null` only for methods that anyone may call. */
  readonly person: Person;
  readonly actor: Actor;
}

/** A method that anyone may call has nobody to speak of. */
export type OpenCall = Pick<Call, 'session'>;

type OpenMethod = 'session.people' | 'session.me' | 'session.sign-in' | 'session.unlock' | 'session.lock' | 'session.sign-out';

/** One handler for every method of the contract: a method without one, or one without a method, does not compile. */
export type Handlers = {
  readonly [M in MethodName]: (
    request: Request<M>,
    call: M extends OpenMethod ? OpenCall : Call,
  ) => Promise<Response<M> | Refusal>;
};

export interface HandlerParts {
  readonly useCases: ConsoleUseCases;
  readonly jobs: LogJobs;
  readonly onFrame: () => void;
}

const NO_SUCH_WRITE = boundaryRefusal('not-found', 'There is no such write', 'Check the address, or look for it in the queue');
const NO_SUCH_JOB = boundaryRefusal('not-found', 'This check is no longer known', 'Start it again');

export function handlers({ useCases, jobs, onFrame }: HandlerParts): Handlers {
  const { triage, decide } = useCases;
  return {
    'session.people': async () => {
      const people = await useCases.people();
      const secrets = useCases.practiceSecrets();
      return {
        people: people.map(({ id, name, roles }) => ({ id, name, roles: [...roles] })),
        practiceSecrets: secrets === null ? null : { ...secrets },
      };
    },
    'session.me': async (_request, { session }) => me(session),
    'session.sign-in': async ({ person, secret }, { session }) => signedIn(session, await session.signIn(person, secret)),
    'session.unlock': async ({ secret }, { session }) => signedIn(session, await session.unlock(secret)),
    'session.lock': async (_request, { session }) => {
      session.lock();
      return {};
    },
    'session.sign-out': async (_request, { session }) => {
      session.signOut();
      return {};
    },
    'session.active': async (_request, { session }) => {
      session.active();
      return {};
    },

    'frame.read': async () => frame(useCases),
    'engine.pause': async (_request, { actor }) => {
      await useCases.engine.pause(actor);
      onFrame();
      return {};
    },
    'engine.resume': async (_request, { actor }) => {
      await useCases.engine.resume(actor);
      onFrame();
      const { state, words } = useCases.engine.status();
      if (state === 'running' || state === 'starting') return {};
      return new Refusal(
        'engine-not-running',
        words,
        'Run countersign on the machine that holds the engine, or stop that one first',
      );
    },

    'today.read': async (_request, { actor }) => todayResponse(await triage.today(actor)),

    'queue.page': async (query, { actor }) => queuePage(query, await triage.page(query, actor)),
    'queue.rows': async ({ ids }) => ({ rows: (await triage.rows(ids)).map(queueRow) }),
    'queue.find': async ({ text }, { actor }) => ({ rows: (await triage.find(text, actor)).map(queueRow) }),

    'write.read': async ({ id }, { person, actor }) => {
      const page = await triage.write(id, person, actor);
      return page === undefined ? NO_SUCH_WRITE : writeView(page);
    },
    'write.texts': async ({ id }, { actor }) => (await triage.texts(id, actor)) ?? NO_SUCH_WRITE,
    'write.chart-now': async ({ id }, { actor }) => {
      const chart = await triage.chartNow(id, actor);
      return chart === undefined ? NO_SUCH_WRITE : chartNowView(chart);
    },
    'write.approve': async ({ id, seenSha256, meaning, acknowledged }, { person, session }) =>
      decided(await decide.approve(id, person, meaning, seenSha256, acknowledged, session.secretAgeMs)),
    'write.sign-finding': async ({ id, act, finding, reason }, { person, actor }) =>
      decided(await useCases.findings.sign(act, id, finding, reason, person, actor)),
    'write.reject': async ({ id, reason }, { person }) => decided(await decide.reject(id, person, reason)),
    'write.retry': async ({ id }, { person }) => decided(await decide.retry(id, person)),
    'write.withdraw': async ({ id, reason }, { person }) => decided(await decide.withdraw(id, person, reason)),
    'write.resolve': async ({ id, reason }, { person }) => decided(await decide.resolve(id, person, reason)),
    'write.attest-found': async ({ id, reference, reason }, { person }) =>
      decided(await decide.attestFound(id, person, reference, reason)),
    'write.attest-absent': async ({ id, reason }, { person }) => decided(await decide.attestAbsent(id, person, reason)),

    'approvals.list': async (_request, { person, actor }) => {
      const { waiting, others, decided: earlier } = await triage.approvals(person, actor);
      return { waiting: waiting.map(queueRow), others, decided: earlier.map(queueRow) };
    },

    'connections.list': async () => ({ connections: (await triage.connections()).map(connectionStateView) }),
    'connections.test': async ({ name }, { actor }) => {
      const report = await useCases.testConnection(name, actor);
      if (report === undefined)
        return boundaryRefusal('not-found', `There is no connection "${name}"`, 'Choose one from the list');
      return {
        connection: name,
        ...report,
        resources: Object.fromEntries(
          Object.entries(report.resources).map(([type, can]) => [type, { ...can, searchParameters: [...can.searchParameters] }]),
        ),
        problems: [...report.problems],
      };
    },

    'log.verify': async (_request, { actor }) => jobs.start(actor),
    'log.job': async ({ job }) => jobs.read(job) ?? NO_SUCH_JOB,
    'log.cancel': async ({ job }) => jobs.cancel(job) ?? NO_SUCH_JOB,
  };
}

function me(session: WindowSession): Response<'session.me'> {
  const { holder } = session;
  if (holder === null) return null;
  const { person, locked } = holder;
  return {
    person: personView(person),
    acts: acts.filter((act) => mayAct(person, act)),
    locked,
    idleLockSeconds: Math.round(limits.idleLockMs / 1000),
  };
}

function signedIn(
  session: WindowSession,
  outcome: { ok: true } | { ok: false; code: string; message: string },
): Response<'session.sign-in'> | Refusal {
  const view = me(session);
  if (outcome.ok && view !== null) return view;
  const message = outcome.ok ? 'Nobody is signed in at this window' : outcome.message;
  return new Refusal(outcome.ok ? 'not-signed-in' : outcome.code, message, 'Check the name and the secret, and try again');
}

const weight: Readonly<Record<Environment, number>> = { practice: 0, sandbox: 1, production: 2 };

async function frame({ triage, engine, clock }: ConsoleUseCases): Promise<Response<'frame.read'>> {
  const connections = await triage.connections();
  const environment = connections
    .map(({ connection }) => connection.environment)
    .reduce<Environment | null>((most, one) => (most === null || weight[one] > weight[most] ? one : most), null);
  const { state, words, since } = engine.status();
  const { at, entriesSince } = await triage.anchor();
  const now = clock.now();
  const trust = clockTrust(now, at);
  return {
    tenants: [...(await triage.tenants())],
    environment,
    engine: { state, words, since: isoTime(since) },
    anchor: { at: at === null ? null : isoTime(at), entriesSince },
    clock: { at: isoTime(now), ...trust },
    counts: { ...(await triage.counts()) },
    revision: await triage.revision(),
  };
}

/** A wall clock behind what is already signed has been set back: times written now would be false. */
function clockTrust(now: number, coveredAt: number | null): { readonly trusted: boolean; readonly words: string } {
  if (coveredAt !== null && now < coveredAt)
    return {
      trusted: false,
      words: 'The clock of this machine is behind what is already on record. Set it right before you go on.',
    };
  return { trusted: true, words: 'The clock agrees with the log.' };
}

function decided(outcome: DecisionOutcome | SigningOutcome): Response<'write.retry'> | Refusal {
  if (outcome.ok) return { id: outcome.id, state: outcome.state };
  return new Refusal(outcome.code, `Not done: ${outcome.message}`, nextAfter(outcome.code));
}

function nextAfter(code: string): string {
  switch (code) {
    case 'approval-stale':
      return 'Look at what would be sent now, and decide again';
    case 'role-forbids':
      return 'Ask somebody with that role';
    case 'reason-missing':
      return 'Write the reason, and try again';
    case 'findings-not-acknowledged':
      return 'Read each finding and mark it, then approve';
    case 'step-up-needed':
      return 'Give your secret again, then approve';
    case 'self-waiver':
      return 'Ask somebody else with that role';
    case 'rule-not-waivable':
      return 'Have it corrected at its source';
    case 'write-unknown':
      return 'Check the address, or look for it in the queue';
    default:
      return isFailureCode(code) ? failureOf(code).next : 'Look at the write again: it has moved on, or a switch forbids it now';
  }
}

function isFailureCode(code: string): code is FailureCode {
  return Object.hasOwn(failures, code);
}
