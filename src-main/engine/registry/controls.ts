import type { EngineDeps } from '../deps.ts';
import { notEarned } from '../governance/gate.ts';
import { reask, type ReaskDeps } from '../recovery/reask.ts';
import { release } from '../recovery/release.ts';
import type { Control, ControlOutcome, ControlRefusal } from '../../ports/inbound/index.ts';
import {
  isRegion,
  isTimeZone,
  onlyResource,
  stageScopeWords,
  stageSends,
  switchKey,
  switchWords,
  windowFault,
  workspaceLog,
  type Actor,
  type Connection,
  type EntryBodies,
} from '../../../src-shared/domain/index.ts';
import type { EntryDraft } from '../../ports/outbound/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

type Changed = EntryBodies['connection.changed'];

/** Stopping and going on: kill switches, the stages of connections, and their calendars. What they held goes on at once. */
export function control(deps: ReaskDeps & Pick<EngineDeps, 'random'>): Control {
  const { ledger, clock } = deps;
  const entry = <T extends 'switch.set' | 'connection.changed'>(type: T, stream: string, actor: Actor, body: EntryBodies[T]) =>
    ({ type, stream, at: clock.now(), actor, patientKey: null, correlation: deps.random.id(), body }) as EntryDraft;

  /** What waited for the connection's calendar is due again, and waits anew if it has to. */
  const wake = async (connection: string, actor: Actor): Promise<number> => {
    let woken = 0;
    for (const code of ['maintenance-window', 'daily-cap'] as const) {
      for (;;) {
        const rows = await ledger.writes({ connection, code, limit: limits.claimBatchMax });
        let moved = 0;
        for (const row of rows) if (await release(ledger, row, clock.now(), actor)) moved += 1;
        woken += moved;
        if (moved === 0) break;
      }
    }
    return woken;
  };

  const change = async (
    name: string,
    actor: Actor,
    body: (before: Connection) => Changed | Refused,
  ): Promise<Connection | Refused> => {
    for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
      const before = await ledger.row('connection', workspaceLog, name);
      if (before === undefined) return refused('connection-unknown', `there is no connection "${name}"`);
      const changed = body(before);
      if ('ok' in changed) return changed;
      const result = await ledger.commit({
        tenant: workspaceLog,
        expected: [{ kind: 'connection', key: name, version: before.version }],
        entries: [entry('connection.changed', `connection/${name}`, actor, changed)],
      });
      if (result.ok) return before;
    }
    throw new Error(`the connection "${name}" kept changing`);
  };

  /** A change of settings; the calendar's waits are looked at anew. */
  const set = async (
    name: string,
    reason: string,
    actor: Actor,
    settings: (before: Connection) => Connection['settings'] | Refused,
  ): Promise<ControlOutcome> => {
    const outcome = await change(name, actor, (before) => {
      const after = settings(before) ?? {};
      return 'ok' in after ? after : { connection: name, settings: after, reason };
    });
    return 'ok' in outcome ? outcome : { ok: true, released: await wake(name, actor) };
  };

  return {
    switch: async (what, scope, off, reason, person, actor) => {
      const key = switchKey(what, scope);
      for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
        const before = await ledger.row('switch', workspaceLog, key);
        if (!off && before?.off !== true) {
          const message = `no switch is off for ${switchWords(scope)}; "status" shows those that are`;
          return refused('switch-unknown', message);
        }
        const result = await ledger.commit({
          tenant: workspaceLog,
          expected: [{ kind: 'switch', key, version: before?.version ?? 0 }],
          entries: [entry('switch.set', `switch/${key}`, actor, { switch: { what, scope, off, reason, by: person.id } })],
        });
        if (!result.ok) continue;
        if (off || what === 'approvals') return { ok: true, released: 0 };
        return { ok: true, released: await reask(deps, actor, [`${what}-switched-off`]) };
      }
      throw new Error(`the switch "${key}" kept changing`);
    },
    stage: async (name, stage, reason, actor, scope = {}) => {
      const unearned = await notEarned(deps, name, stage, scope);
      if (unearned !== null) return unearned;
      const type = onlyResource(scope);
      const only = type !== null ? { resource: type } : stageScopeWords(scope) === '' ? {} : { scope };
      const changed = await change(name, actor, () => ({ connection: name, stage, ...only, reason }));
      if ('ok' in changed) return changed;
      return { ok: true, released: stageSends(stage) ? await reask(deps, actor, ['stage-read-only'], { connection: name }) : 0 };
    },
    settings: (name, settings, reason, actor, cleared = []) =>
      set(name, reason, actor, (before) => {
        const { region, timeZone } = settings;
        if (region !== undefined && !isRegion(region))
          return refused('settings-invalid', `"${region}" is not a region; name one like US-CA`);
        if (timeZone !== undefined && !isTimeZone(timeZone))
          return refused('settings-invalid', `"${timeZone}" is not a time zone; name one like America/Chicago`);
        const ofSource = { ...before.settings?.sendsPerDayMaxOfSource, ...settings.sendsPerDayMaxOfSource };
        const merged = { ...before.settings, ...settings };
        const all = Object.keys(ofSource).length === 0 ? merged : { ...merged, sendsPerDayMaxOfSource: ofSource };
        return Object.fromEntries(Object.entries(all).filter(([key]) => !cleared.some((one) => one === key)));
      }),
    addWindow: (name, window, reason, actor) =>
      set(name, reason, actor, ({ settings }) => {
        const fault = windowFault(window);
        if (fault !== null) return refused('settings-invalid', fault);
        const known = settings?.maintenance ?? [];
        if (known.some(({ id }) => id === window.id))
          return refused('window-exists', `"${name}" has a window "${window.id}"; remove it first, or name this one otherwise`);
        return { ...settings, maintenance: [...known, window] };
      }),
    removeWindow: (name, id, reason, actor) =>
      set(name, reason, actor, ({ settings }) => {
        const known = settings?.maintenance ?? [];
        const kept = known.filter((one) => one.id !== id);
        if (kept.length === known.length) return refused('window-unknown', `"${name}" has no maintenance window "${id}"`);
        return { ...settings, maintenance: kept };
      }),
  };
}

type Refused = Extract<ControlOutcome, { ok: false }>;

function refused(code: ControlRefusal, message: string): Refused {
  return { ok: false, code, message };
}
