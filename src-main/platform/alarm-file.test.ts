import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileAlarm } from './alarm-file.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-alarm-'));
  file = path.join(folder, 'engine.alarm');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the alarm of a workspace', () => {
  it('I1 is not raised where there is no file, and stays raised for other processes until it is cleared', () => {
    expect(fileAlarm(file).raised()).toBeNull();
    expect(fileAlarm(file).raise('ledger-disk-full', 5)).toBe(true);
    expect(fileAlarm(file).raised()).toEqual({ code: 'ledger-disk-full', at: 5 });
    fileAlarm(file).clear();
    expect(fileAlarm(file).raised()).toBeNull();
  });

  it('C5 needs no more room to be raised than the file has already', () => {
    fileAlarm(file).clear();
    const { size } = statSync(file);
    fileAlarm(file).raise('ledger-io-failed', Number.MAX_SAFE_INTEGER);
    expect(statSync(file).size).toBe(size);
    fileAlarm(file).raise('ledger-busy', 1);
    expect(readFileSync(file, 'latin1').trim()).toBe('{"code":"ledger-busy","at":1}');
  });

  it('C5 says when it cannot be kept', () => {
    expect(fileAlarm(path.join(folder, 'missing', 'engine.alarm')).raise('ledger-busy', 1)).toBe(false);
  });

  it.each(['{"code":"ledger-bu', '{"code":7,"at":1}', 'null'])('I1 a note that cannot be read is not silence: %s', (text) => {
    writeFileSync(file, text);
    expect(fileAlarm(file).raised()).toEqual({ code: 'alarm-unreadable', at: null });
  });
});
