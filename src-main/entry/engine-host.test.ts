import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EngineHost } from './engine-host.ts';
import { Harness, note, record } from '../engine/testing/harness.ts';
import { acquireEngineLock } from '../ledger/index.ts';
import { systemTimers } from '../platform/index.ts';
import type { EngineDeps } from '../engine/index.ts';
import { workspaceLog, type Actor } from '../../src-shared/domain/index.ts';

const operator: Actor = { kind: 'person', id: 'sam', role: 'operations-lead' };

let folder: string;
let harness: Harness;
let deps: EngineDeps;
let host: EngineHost;
beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-host-'));
  harness = await Harness.open();
  // The engine waits in real time here: it must wake up and stop as it does beside a window.
  deps = { ...harness.deps, timers: systemTimers };
  host = new EngineHost(folder, deps);
});
afterEach(async () => {
  await host.close();
  await harness.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Resolves when the host's status is this one. */
function until(state: string, of = host): Promise<void> {
  return new Promise((resolve) => {
    if (of.status().state === state) return resolve();
    const stop = of.onChange(() => {
      if (of.status().state !== state) return;
      stop();
      resolve();
    });
  });
}

async function chartedAs(id: string, state: string): Promise<void> {
  while ((await harness.write(id)).state.name !== state) await new Promise((resolve) => setTimeout(resolve, 5));
}

describe('the engine beside a window', () => {
  it('I1 runs when its place is free, and charts what comes in', async () => {
    await host.start();
    expect(host.status()).toMatchObject({ state: 'running', words: '' });
    expect(host.holdsLock).toBe(true);
    const [id] = await harness.accept({ id: 'visit-1', content: note('One.') });
    await chartedAs(id ?? '', 'committed');
  });

  it('B5 pauses: nothing more is sent, the place is kept, and it is on record who did it', async () => {
    await host.start();
    await host.pause(operator);
    expect(host.status().state).toBe('paused');
    const [id] = await harness.accept({ id: 'visit-1' });
    expect((await harness.write(id ?? '')).state.name).toBe('draft');
    expect('heldBy' in (await acquireEngineLock(folder))).toBe(true);
    await host.resume(operator);
    expect(host.status().state).toBe('running');
    await chartedAs(id ?? '', 'committed');
    const entries = await deps.ledger.entries(workspaceLog, { actor: 'sam' }, 10);
    expect(entries.map(({ type }) => type)).toEqual(['engine.paused', 'engine.resumed']);
  });

  it('C5 waits while another process has the place, says who, and takes over when it is gone', async () => {
    const lock = await acquireEngineLock(folder);
    const starting = host.start();
    await until('elsewhere');
    expect(host.status().words).toContain(`process ${process.pid}`);
    expect(host.holdsLock).toBe(false);
    if (!('heldBy' in lock)) await lock.release();
    await until('running');
    await starting;
  });

  it('C5 a pause while it waits is kept when its turn comes', async () => {
    const lock = await acquireEngineLock(folder);
    const starting = host.start();
    await until('elsewhere');
    await host.pause(operator);
    if (!('heldBy' in lock)) await lock.release();
    await starting;
    expect(host.status().state).toBe('paused');
  });

  it('C5 says so when the ledger fails, and sends nothing more', async () => {
    const { ledger } = deps;
    const broken = Object.assign(Object.create(ledger) as typeof ledger, { due: () => Promise.reject(new Error('disk')) });
    const failing = new EngineHost(folder, { ...deps, ledger: broken });
    await failing.start();
    await until('failed', failing);
    expect(failing.status().words).toMatch(/Nothing more is sent/);
    await failing.close();
  });

  it('C5 closing settles what is under way, gives the place back, and ends a wait for it', async () => {
    await host.start();
    await harness.ingest(record({ id: 'visit-1' }));
    await host.close();
    expect(host.status().state).toBe('stopped');
    const inFlight = (await deps.ledger.writes({ limit: 10 })).filter(({ state }) => state.name === 'in-flight');
    expect(inFlight).toEqual([]);
    const lock = await acquireEngineLock(folder);
    expect('heldBy' in lock).toBe(false);
    const waiting = new EngineHost(folder, deps);
    const starting = waiting.start();
    await until('elsewhere', waiting);
    await waiting.close();
    await starting;
    if (!('heldBy' in lock)) await lock.release();
  });
});
