import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { Bridge } from '../bridge/index.ts';
import { compose } from './engine.ts';
import { EngineHost } from './engine-host.ts';
import { practiceSecretsFile } from './practice.ts';
import type { OpenWorkspaceOptions, Workspace } from './workspace.ts';
import { findings, peopleDecide, testConnection, triage, verifyLog } from '../engine/index.ts';
import { signIn } from '../identity/index.ts';
import type { CommitNote, ConsoleUseCases, EngineControl } from '../ports/inbound/index.ts';
import type { Commit } from '../ports/outbound/index.ts';
import { personAt, workspaceLog, type Connection, type Person } from '../../src-shared/domain/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

/** Everything behind a window, for either shell: workspace, engine, use cases and the bridge in front of them. */
export interface ConsoleHost {
  readonly bridge: Bridge;
  readonly engine: EngineControl;
  /** Lets what is under way settle, signs the log and closes everything. */
  close(): Promise<void>;
}

const TICK_MS = 1_000;

/** @param open opens the workspace with what it is handed; so that each shell gets its keys in its own way */
export async function openConsole(open: (options: OpenWorkspaceOptions) => Promise<Workspace>): Promise<ConsoleHost> {
  const listeners = new Set<(note: CommitNote) => void>();
  const workspace = await open({
    onCommitted: (commit) => {
      const note = noteOf(commit);
      for (const listener of listeners) listener(note);
    },
  });
  const composition = compose(workspace, () => host.holdsLock);
  const { deps } = composition;
  const host = new EngineHost(workspace.paths.folder, deps);
  const connections = await deps.ledger.rows('connection');
  const useCases: ConsoleUseCases = {
    people: async () =>
      (await deps.ledger.rows('person'))
        .filter((person) => person.active)
        .map(personOf)
        .sort(byName),
    person: async (id) => {
      const row = await deps.ledger.row('person', workspaceLog, id);
      return row === undefined || !row.active ? undefined : personOf(personAt(row, deps.clock.now()));
    },
    signIn: async (person, secret) => {
      const outcome = await signIn(deps.ledger, person, secret);
      return outcome.ok ? { ok: true, person: outcome.session.person } : outcome;
    },
    practiceSecrets: () => practiceSecretsOf(workspace.paths.folder, connections),
    triage: triage(deps),
    decide: peopleDecide(deps),
    findings: findings(deps),
    testConnection: testConnection(deps),
    verifyLog: verifyLog(deps),
    engine: host,
    onCommitted: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    clock: deps.clock,
    timers: deps.timers,
    random: deps.random,
    log: deps.log,
  };
  const bridge = new Bridge(useCases);
  const closing = new AbortController();
  const starting = host.start();
  const ticking = tick(useCases, bridge, () => deps.ledger.checkpoint(), closing.signal);
  return {
    bridge,
    engine: host,
    close: async () => {
      closing.abort();
      bridge.close();
      await host.close();
      await starting;
      await ticking;
      await composition.close();
    },
  };
}

/** The clockwork beside the engine: idle locks, news from other processes, and a signed checkpoint at least every minute. */
async function tick(
  useCases: ConsoleUseCases,
  bridge: Bridge,
  checkpoint: () => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const { timers, clock, log } = useCases;
  let signedAt = clock.monotonic();
  while (await timers.sleep(TICK_MS, signal)) {
    try {
      await bridge.tick();
      if (clock.monotonic() - signedAt < limits.checkpointAgeMaxMs) continue;
      signedAt = clock.monotonic();
      await checkpoint();
    } catch (error) {
      // The ledger has failed: the engine says so itself, and the screen with it. Reading may go on.
      log.write('error', 'tick-failed', { fault: error instanceof Error ? error.name : null });
    }
  }
}

function noteOf({ entries }: Commit): CommitNote {
  const writes = entries.flatMap(({ body }) =>
    'moves' in body ? [body.id] : 'writes' in body ? body.writes.map(({ id }) => id) : [],
  );
  return { entries: entries.length, moved: entries.some(({ type }) => type !== 'record.viewed'), writes };
}

function personOf({ id, name, roles, npi, active }: Person): Person {
  return { id, name, roles, npi, active };
}

function byName(a: Person, b: Person): number {
  return a.name.localeCompare(b.name);
}

const secretsFile = z.record(z.string(), z.string());

/** Only where nothing real can be behind the workspace: every connection is practice, and the file of a practice day is there. */
function practiceSecretsOf(folder: string, connections: readonly Connection[]): Readonly<Record<string, string>> | null {
  const file = path.join(folder, practiceSecretsFile);
  if (connections.length === 0 || connections.some(({ environment }) => environment !== 'practice') || !existsSync(file))
    return null;
  const parsed = secretsFile.safeParse(JSON.parse(readFileSync(file, 'utf8')));
  return parsed.success ? parsed.data : null;
}
