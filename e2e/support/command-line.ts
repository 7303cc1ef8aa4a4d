import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** The built command line, run as anyone would run it: another process, its output and its exit code. */

export const root = path.resolve(import.meta.dirname, '..', '..');
const cli = path.join(root, 'out', 'main', 'cli.js');

export interface Done {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A workspace folder of its own, with a passphrase and an administrator's secret, gone at the end. */
export class Desk {
  readonly folder = mkdtempSync(path.join(tmpdir(), 'countersign-e2e-'));
  readonly workspace = path.join(this.folder, 'W');
  readonly env: NodeJS.ProcessEnv = {
    ...process.env,
    COUNTERSIGN_PASSPHRASE: 'a passphrase for tests',
    COUNTERSIGN_USER_SECRET: 'a secret of the administrator',
    COUNTERSIGN_WORKSPACE: this.workspace,
  };
  private readonly children = new Set<ChildProcess>();

  /** Starts a command; the caller waits or kills. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
    const child = spawn(process.execPath, [cli, ...args], { env: { ...this.env, ...env }, stdio: ['pipe', 'pipe', 'pipe'] });
    this.children.add(child);
    child.once('exit', () => this.children.delete(child));
    return child;
  }

  /** Runs a command to its end. */
  async run(args: readonly string[], options: { readonly env?: NodeJS.ProcessEnv; readonly stdin?: string } = {}): Promise<Done> {
    const child = this.start(args, options.env);
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin?.end(options.stdin ?? '');
    const code = await new Promise<number | null>((resolve) => child.once('close', (status) => resolve(status)));
    return { code, stdout: Buffer.concat(stdout).toString('utf8'), stderr: Buffer.concat(stderr).toString('utf8') };
  }

  /** Runs a command that must succeed; its standard output. */
  async ok(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const done = await this.run(args, { env });
    if (done.code !== 0) throw new Error(`countersign ${args.join(' ')} ended with ${done.code}\n${done.stdout}${done.stderr}`);
    return done.stdout;
  }

  /** The JSON document that a command prints. */
  async json<T>(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<T> {
    return JSON.parse(await this.ok(['--json', ...args], env)) as T;
  }

  /** The JSON documents that a list command prints, one per line. */
  async lines<T>(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<readonly T[]> {
    return ndjson<T>(await this.ok(['--json', ...args], env));
  }

  file(name: string, text: string): string {
    const file = path.join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  /** Starts the practice EHR as a command of its own and waits for its first line. */
  async practiceEhr(args: readonly string[] = []): Promise<{ readonly baseUrl: string; readonly controlUrl: string }> {
    const child = this.start(['--workspace', path.join(this.folder, 'ehr'), 'practice-ehr', ...args]);
    if (child.stdout === null) throw new Error('no standard output');
    const reader = createInterface({ input: child.stdout });
    const first = await new Promise<string>((resolve, reject) => {
      reader.once('line', resolve);
      child.once('exit', (code) => reject(new Error(`practice-ehr ended with ${code} before it was ready`)));
    });
    return JSON.parse(first) as { baseUrl: string; controlUrl: string };
  }

  async close(): Promise<void> {
    await Promise.all(
      [...this.children].map((child) => {
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        return gone;
      }),
    );
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export function ndjson<T>(text: string): readonly T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
