// What becomes of the command line when whatever started it is killed. On Windows there is nothing to follow; see countersign.mjs.
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { projectRoot } from './ensure-installed.mjs';

let folder = '';
let started: ChildProcess[] = [];

const at = (file: string): string => path.join(folder, file);
const write = (file: string, text: string): void => writeFileSync(at(file), text);
const text = (file: string): string => (existsSync(at(file)) ? readFileSync(at(file), 'utf8') : '');

function start(script: string): ChildProcess {
  const child = spawn(process.execPath, [script], {
    cwd: folder,
    stdio: 'ignore',
    env: { ...process.env, npm_lifecycle_event: 'npx', NODE: process.execPath },
  });
  started.push(child);
  return child;
}

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // In a container where nobody collects ended orphans, an ended process keeps its number.
    return process.platform !== 'linux' || !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-kill-'));
  started = [];
  for (const file of ['ensure-installed.mjs', 'with-node.mjs', 'countersign.mjs']) {
    cpSync(path.join(projectRoot, 'scripts', file), at(`scripts/${file}`));
  }
  mkdirSync(at('out/main'), { recursive: true });
  write('package.json', '{ "type": "module" }');
  // Stands in for the command line: runs until it is stopped and says how it was asked to.
  write(
    'out/main/cli.js',
    `import { writeFileSync } from 'node:fs';
     import { Socket } from 'node:net';
     process.on('SIGTERM', () => { writeFileSync('ended', 'SIGTERM'); process.exit(0); });
     const fd = process.env.COUNTERSIGN_PARENT_FD;
     if (fd !== undefined) new Socket({ fd: Number(fd) }).on('close', () => { writeFileSync('ended', 'pipe'); process.exit(0); }).resume();
     setInterval(() => undefined, 1000);
     writeFileSync('pid', String(process.pid));`,
  );
});
afterEach(() => {
  for (const child of started) child.kill('SIGKILL');
  const pid = Number(text('pid'));
  if (pid > 0 && alive(pid)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

describe.runIf(process.platform !== 'win32')('a command line', () => {
  const pidOfCli = (): Promise<number> =>
    vi.waitUntil(() => Number(text('pid')), { timeout: 10_000, interval: 20 }).then((pid) => pid as number);
  const gone = (pid: number): Promise<unknown> => vi.waitUntil(() => !alive(pid), { timeout: 10_000, interval: 20 });

  /** npx as it looks from below: a process of that name, and a shell that does not hand signals on. */
  function startUnderNpx(): ChildProcess {
    write(
      'npx.mjs',
      `import { spawn } from 'node:child_process';
       import { writeFileSync } from 'node:fs';
       process.title = 'npm exec countersign run';
       const shell = spawn('sh', ['-c', '"$NODE" scripts/countersign.mjs run; true'], { stdio: 'ignore' });
       writeFileSync('shell', String(shell.pid));`,
    );
    return start('npx.mjs');
  }

  it('is gone soon after the npx that started it is killed', async () => {
    const npx = startUnderNpx();
    const pid = await pidOfCli();
    npx.kill('SIGKILL');
    await gone(pid);
    expect(text('ended')).toBe('');
  });

  it('is asked to end when npx ends its shell', async () => {
    startUnderNpx();
    const pid = await pidOfCli();
    process.kill(Number(text('shell')), 'SIGTERM');
    await gone(pid);
    expect(text('ended')).toBe('SIGTERM');
  });

  it('is gone when a process between is killed, as under an older Node', async () => {
    write(
      'between.mjs',
      `import { runInstead } from './scripts/with-node.mjs';
       runInstead(process.execPath, ['out/main/cli.js'], {
         stdio: ['ignore', 'ignore', 'ignore', 'pipe'], env: { ...process.env, COUNTERSIGN_PARENT_FD: '3' } });`,
    );
    const between = start('between.mjs');
    const pid = await pidOfCli();
    between.kill('SIGKILL');
    await gone(pid);
    expect(text('ended')).toBe('pipe');
  });

  it('gets the signals that ask it to end', async () => {
    write(
      'between.mjs',
      `import { runInstead } from './scripts/with-node.mjs';\nrunInstead(process.execPath, ['out/main/cli.js']);`,
    );
    const between = start('between.mjs');
    const pid = await pidOfCli();
    between.kill('SIGTERM');
    await gone(pid);
    expect(text('ended')).toBe('SIGTERM');
  });
});
