// `npm start`: from a fresh clone to a charted practice day. Builds what is missing, opens (or makes) the practice workspace, runs
// the engine on it, and says what was charted and where to look next. It only calls the command line, as anyone could.
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBuilt } from './ensure-built.ts';
import { projectRoot } from './ensure-installed.mjs';

const folder = path.join(projectRoot, 'practice-workspace');
const passphraseFile = path.join(folder, 'practice-passphrase.txt');
const secretsFile = path.join(folder, 'practice-secrets.json');
const cli = path.join(projectRoot, 'out', 'main', 'cli.js');
const maxSeconds = 120;
const operator = 'sam-ops';

interface Write {
  readonly id: string;
  readonly state: string;
  readonly code: string | null;
  readonly kind: string;
  readonly resourceType: string;
  readonly verification: string | null;
  readonly eventId: string;
  readonly slot: string;
  readonly next: string | null;
}

process.exitCode = start();

function start(): number {
  say('Building ...');
  const failure = ensureBuilt();
  if (failure !== null) {
    process.stderr.write(failure);
    return 1;
  }
  if (!existsSync(path.join(folder, 'key-slots.json'))) {
    say('Making the practice workspace: made-up people, a practice EHR, a day of visits ...');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(passphraseFile, `${randomBytes(16).toString('hex')}\n`, { mode: 0o600 });
    const made = countersign(['init', '--practice']);
    if (made !== 0) return made;
  }
  say('Running the engine: every approved change goes to the practice EHR once, is read back and compared ...');
  const ran = countersign(['run', '--drain', '--max-seconds', String(maxSeconds)]);
  if (ran !== 0) return ran;
  return tell();
}

function countersign(args: readonly string[]): number {
  const done = spawnSync(process.execPath, commandLine(args), { stdio: ['ignore', 'inherit', 'inherit'], env: environment() });
  return done.status ?? 1;
}

/** The command as the made-up operator would type it; before there are people, as whoever makes the workspace. */
function commandLine(args: readonly string[]): string[] {
  const as = existsSync(secretsFile) ? ['--as', operator] : [];
  return [cli, '--workspace', folder, '--passphrase-file', passphraseFile, ...as, ...args];
}

function environment(): NodeJS.ProcessEnv {
  const secrets = existsSync(secretsFile) ? (JSON.parse(readFileSync(secretsFile, 'utf8')) as Record<string, string>) : {};
  return { ...process.env, COUNTERSIGN_USER_SECRET: secrets[operator] ?? '' };
}

function tell(): number {
  const listed = spawnSync(process.execPath, commandLine(['--json', 'writes', '--limit', '1000']), {
    encoding: 'utf8',
    env: environment(),
  });
  if (listed.status !== 0) {
    process.stderr.write(listed.stderr);
    return 1;
  }
  const writes = listed.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Write)
    .reverse();
  say('');
  for (const write of writes)
    say(`  ${mark(write).padEnd(26)} ${write.eventId.padEnd(16)} ${write.kind.padEnd(20)} ${write.resourceType}`);
  const charted = writes.filter((write) => write.verification === 'verified').length;
  const waiting = writes.find((write) => write.state === 'awaiting-approval');
  const stopped = writes.find((write) => write.state === 'failed-terminal');
  const relative = path.relative(process.cwd(), folder) || '.';
  say(
    `\n${charted} of ${writes.length} chart entries are charted and verified. The others wait for a person or were stopped, and say why.`,
  );
  say('\nWhere to look next (the secrets of the made-up people are in practice-secrets.json beside the ledger):');
  say(`  export COUNTERSIGN_WORKSPACE=${relative} COUNTERSIGN_PASSPHRASE=$(cat ${relative}/practice-passphrase.txt)`);
  say('  npx countersign audit verify                  # prove that the log is whole');
  say(`  export COUNTERSIGN_USER_SECRET=$(node -p "require('./${relative}/practice-secrets.json')['dr-okafor']")`);
  if (waiting !== undefined) {
    say(`  npx countersign --as dr-okafor write ${waiting.id}      # one that waits: the exact bytes`);
    say(`  npx countersign --as dr-okafor approve ${waiting.id}    # then "npm start" again charts it`);
  }
  if (stopped !== undefined) say(`  npx countersign --as dr-okafor write ${stopped.id}      # one that was stopped, and why`);
  return 0;
}

function mark(write: Write): string {
  if (write.verification === 'verified') return 'charted and verified';
  if (write.state === 'committed') return `charted, ${write.verification ?? ''}`;
  if (write.state === 'awaiting-approval') return 'waits for a person';
  return write.code === null ? write.state : `stopped: ${write.code}`;
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
