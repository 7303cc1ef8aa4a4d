import { spawn } from 'node:child_process';

/** What a process had said on its output, and the failpoint at which it was killed; `null`: it came to its end before. */
export interface KilledChild {
  readonly told: readonly string[];
  readonly point: string | null;
}

/** Runs a script on a folder in a process that kills itself at the n-th failpoint it comes by. Rejects when it ends otherwise. */
export function killedChild(script: string, folder: string, n: number): Promise<KilledChild> {
  return new Promise((resolve, reject) => {
    const started = spawn(process.execPath, [script, folder, String(n)], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    let errors = '';
    started.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    started.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    started.on('error', reject);
    started.on('close', (code, signal) => {
      if (signal !== 'SIGKILL' && code !== 0) return reject(new Error(`${script} ended with ${code ?? signal}: ${errors}`));
      const lines = output.split('\n').filter((line) => line !== '');
      const last = lines.at(-1);
      const point = last?.startsWith('killed at ') === true ? last.slice('killed at '.length) : null;
      resolve({ told: point === null ? lines : lines.slice(0, -1), point });
    });
  });
}
