import { spawn } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireEngineLock, readEngineLockHolder, type EngineLock } from '../index.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'countersign-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

function held(lock: Awaited<ReturnType<typeof acquireEngineLock>>): EngineLock {
  if ('heldBy' in lock) throw new Error('the lock is held');
  return lock;
}

describe('C5 one engine at a time', () => {
  it('C5 the second is told who has the lock, and gets it when that one lets go', async () => {
    expect(await readEngineLockHolder(folder)).toBeNull();
    const first = held(await acquireEngineLock(folder));
    const holder = { pid: process.pid, host: hostname(), since: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) };
    expect(await acquireEngineLock(folder)).toEqual({ heldBy: holder });
    expect(await readEngineLockHolder(folder)).toEqual(holder);
    await first.release();
    await first.release();
    expect(await readEngineLockHolder(folder)).toBeNull();
    await held(await acquireEngineLock(folder)).release();
    expect(await readdir(folder)).toEqual(['engine.lock']);
  });

  it('C5 a name that cannot be read does not change who has the lock', async () => {
    const first = held(await acquireEngineLock(folder));
    for (const text of ['not json', '{}', '{"pid":"1"}']) {
      await writeFile(path.join(folder, 'engine.lock.json'), text);
      expect(await acquireEngineLock(folder)).toEqual({ heldBy: null });
    }
    await first.release();
  });

  it('C5 looking who has it does not keep anyone from getting it', async () => {
    const looks = Array.from({ length: 5 }, () => readEngineLockHolder(folder));
    const lock = held(await acquireEngineLock(folder));
    await Promise.all(looks);
    await lock.release();
  });

  it('C5 the system frees it when its holder is killed', async () => {
    const door = path.join(import.meta.dirname, '..', 'index.ts');
    const script = `import { acquireEngineLock } from ${JSON.stringify(door)};
      await acquireEngineLock(${JSON.stringify(folder)}); console.log('held'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise((resolve) => child.stdout.once('data', resolve));
    expect(await acquireEngineLock(folder)).toMatchObject({ heldBy: { pid: child.pid } });
    const gone = new Promise((resolve) => child.once('close', resolve));
    child.kill('SIGKILL');
    await gone;
    // The name of the dead holder still lies there.
    expect(await readdir(folder)).toContain('engine.lock.json');
    expect(await readEngineLockHolder(folder)).toBeNull();
    await held(await acquireEngineLock(folder)).release();
  }, 30_000);
});
