import type { EngineDeps } from '../deps.ts';
import { stoppedBy } from '../dispatch/stop.ts';
import { notEarned } from '../governance/gate.ts';
import { heldWrites, release } from '../recovery/release.ts';
import type { Control, ControlOutcome } from '../../ports/inbound/index.ts';
import {
  stageSends,
  stillHeld,
  switchKey,
  switchWords,
  workspaceLog,
  type Actor,
  type Connection,
  type EntryBodies,
} from '../../../src-shared/domain/index.ts';
import type { EntryDraft } from '../../ports/outbound/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** Stopping and going on: kill switches and the stages of connections. What they held goes on at once. */
export function control(deps: Pick<EngineDeps, 'ledger' | 'clock' | 'random'>): Control {
  const { ledger, clock } = deps;
  const entry = <T extends 'switch.set' | 'connection.changed'>(type: T, stream: string, actor: Actor, body: EntryBodies[T]) =>
    ({ type, stream, at: clock.now(), actor, patientKey: null, correlation: deps.random.id(), body }) as EntryDraft;

  const letGo = async (code: 'writes-switched-off' | 'stage-read-only', actor: Actor, connection?: string): Promise<number> => {
    let released = 0;
    const connections = new Map<string, Connection | undefined>();
    for await (const row of heldWrites(ledger, { code, ...(connection === undefined ? {} : { connection }) })) {
      if (row.state.name !== 'held') continue;
      if (!connections.has(row.connection))
        connections.set(row.connection, await ledger.row('connection', workspaceLog, row.connection));
      const stopping = await stoppedBy(ledger, row, 'writes');
      if (stillHeld(row.state.hold, connections.get(row.connection), stopping)) continue;
      if (await release(ledger, row, clock.now(), actor)) released += 1;
    }
    return released;
  };

  const change = async (
    name: string,
    actor: Actor,
    body: (before: Connection) => EntryBodies['connection.changed'],
  ): Promise<boolean> => {
    for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
      const before = await ledger.row('connection', workspaceLog, name);
      if (before === undefined) return false;
      const result = await ledger.commit({
        tenant: workspaceLog,
        expected: [{ kind: 'connection', key: name, version: before.version }],
        entries: [entry('connection.changed', `connection/${name}`, actor, body(before))],
      });
      if (result.ok) return true;
    }
    throw new Error(`the connection "${name}" kept changing`);
  };

  return {
    switch: async (what, scope, off, reason, person, actor) => {
      const key = switchKey(what, scope);
      for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
        const before = await ledger.row('switch', workspaceLog, key);
        if (!off && before?.off !== true) {
          const message = `no switch is off for ${switchWords(scope)}; "status" shows those that are`;
          return { ok: false, code: 'switch-unknown', message };
        }
        const result = await ledger.commit({
          tenant: workspaceLog,
          expected: [{ kind: 'switch', key, version: before?.version ?? 0 }],
          entries: [entry('switch.set', `switch/${key}`, actor, { switch: { what, scope, off, reason, by: person.id } })],
        });
        if (!result.ok) continue;
        return { ok: true, released: off || what === 'approvals' ? 0 : await letGo('writes-switched-off', actor) };
      }
      throw new Error(`the switch "${key}" kept changing`);
    },
    stage: async (name, stage, reason, actor) => {
      const refused = await notEarned(deps, name, stage);
      if (refused !== null) return refused;
      const changed = await change(name, actor, () => ({ connection: name, stage, reason }));
      return changed
        ? { ok: true, released: stageSends(stage) ? await letGo('stage-read-only', actor, name) : 0 }
        : unknown(name);
    },
    settings: async (name, settings, reason, actor) => {
      const merged = (before: Connection) => ({ connection: name, settings: { ...before.settings, ...settings }, reason });
      return (await change(name, actor, merged)) ? { ok: true, released: 0 } : unknown(name);
    },
  };
}

function unknown(name: string): ControlOutcome {
  return { ok: false, code: 'connection-unknown', message: `there is no connection "${name}"` };
}
