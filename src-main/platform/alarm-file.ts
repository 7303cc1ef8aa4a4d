import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import type { Alarm, RaisedAlarm } from '../ports/outbound/index.ts';

/** As long as any alarm, so that raising one writes over what is there and needs no room on a disk that has none. */
const BYTES = 512;

/**
 * The alarm of a workspace, in a file of its own beside the ledger: what the ledger can no longer record. The file has its
 * full length from the first start of an engine on.
 */
export function fileAlarm(file: string): Alarm {
  return {
    raised: () => (existsSync(file) ? parse(readFileSync(file, 'latin1')) : null),
    raise: (code, at) => {
      try {
        write(file, JSON.stringify({ code, at }));
        return true;
      } catch {
        return false;
      }
    },
    clear: () => write(file, ''),
  };
}

function write(file: string, text: string): void {
  const fd = openSync(file, existsSync(file) ? 'r+' : 'wx', 0o600);
  try {
    writeSync(fd, `${text.padEnd(BYTES - 1)}\n`, 0, 'latin1');
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function parse(text: string): RaisedAlarm | null {
  if (text.trim() === '') return null;
  try {
    const { code, at } = JSON.parse(text) as Partial<RaisedAlarm>;
    if (typeof code === 'string' && typeof at === 'number' && Number.isSafeInteger(at)) return { code, at };
  } catch {
    // Told below: a note that was there and cannot be read is not silence.
  }
  return { code: 'alarm-unreadable', at: null };
}
