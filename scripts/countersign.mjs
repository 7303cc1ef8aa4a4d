#!/usr/bin/env node
// The `countersign` command: runs the built command line, out/main/cli.js, under Node 24.
//
// It must vanish when it is killed. A person (or a test) that ends this process with `kill -9` means the engine, and an engine
// that goes on writing behind their back also keeps the workspace locked. So:
// - Under Node 24, the usual case because npx and npm scripts find the packaged Node first, the command line is loaded into this
//   very process. There is nothing left to outlive it.
// - Under an older Node a second process is needed. It inherits file descriptor 3, the read end of a pipe that nobody writes to,
//   and is told so by COUNTERSIGN_PARENT_FD=3. The system closes the pipe when this process ends, however it ends; the command
//   line watches for that end of file and exits.
// - npx stands in front of this process with a shell between them, and a kill of npx reaches neither. See `watchNpx`.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { projectRoot } from './ensure-installed.mjs';
import { isNode24, node24Path, nodeMissingText, runInstead } from './with-node.mjs';

const npxPollMs = 100;

watchNpx();
const cli = path.join(projectRoot, 'out', 'main', 'cli.js');
if (!existsSync(cli)) {
  process.stderr.write('countersign: not built yet; run "npm run build" first\n');
  process.exit(2);
}
if (isNode24()) {
  await import(pathToFileURL(cli).href);
} else {
  const program = node24Path();
  if (program === null) {
    process.stderr.write(`${nodeMissingText()}\n`);
    process.exit(2);
  }
  runInstead(program, [cli, ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, COUNTERSIGN_PARENT_FD: '3' },
  });
}

/**
 * Ends this process once the npx that started it is gone: the hard way where npx was killed, by SIGTERM where it was asked to end.
 * Only npx: a parent's death means nothing in general, since a shell that started the engine in the background may well be closed.
 *
 * There is no portable notice of a grandparent's end, so this looks ten times a second; it costs one small read. Windows has no
 * process ancestry to follow; there the usual kill (taskkill /T) takes the whole tree.
 */
function watchNpx() {
  if (process.env['npm_lifecycle_event'] !== 'npx' || process.platform === 'win32') return;
  let below = process.pid;
  let above = process.ppid;
  if (!isNpx(above)) {
    // The shell stayed in between, as dash does.
    below = above;
    above = parentOf(above);
    if (!isNpx(above)) return; // started by something that npx started: that is none of our business
  }
  const npx = above;
  const npxGone = () => {
    if (below === process.pid) return process.ppid !== npx;
    if (process.platform === 'linux') return parentOf(below) !== npx;
    try {
      process.kill(npx, 0);
      return false;
    } catch {
      return true;
    }
  };
  const poll = setInterval(() => {
    if (below !== process.pid && process.ppid !== below) {
      // The shell ended first: npx was asked to end, handed the signal to the shell, and the shell to nobody. Hand it on.
      clearInterval(poll);
      process.kill(process.pid, 'SIGTERM');
    } else if (npxGone()) {
      process.kill(process.pid, 'SIGKILL');
    }
  }, npxPollMs);
  poll.unref();
}

/** npm names its process after what it runs; before that, it is Node with npm's script. */
function isNpx(pid) {
  return pid > 1 && /^(npm exec|npx)\b|^\S*node\S* \S*np[mx]-cli\.js\b/.test(commandOf(pid));
}

function parentOf(pid) {
  if (process.platform !== 'linux') return Number(ps(pid, 'ppid=')) || 0;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The second field is the program's name in brackets and may hold spaces; the parent is the second field after it.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return 0;
  }
}

function commandOf(pid) {
  if (process.platform !== 'linux') return ps(pid, 'command=');
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function ps(pid, column) {
  return spawnSync('ps', ['-o', column, '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim() ?? '';
}
