import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { payloadCommitment } from '../../../src-shared/audit/index.ts';
import { checkpointFileName } from './checkpoint-file.ts';
import { sha256 } from './keys.ts';
import { seal, sealRandomBytes, unseal } from './payload.ts';
import { logOf, logsMax, placeOf, seqOf } from './place.ts';

describe('H2 checkpoint file names', () => {
  it('H2 are safe on every file system, and no two tenants share one', () => {
    const tenants = fc.stringMatching(/^[A-Za-z0-9@][A-Za-z0-9._:-]{0,63}$/);
    fc.assert(
      fc.property(tenants, tenants, (a, b) => {
        expect(checkpointFileName(a)).toMatch(/^[a-z0-9_~-]+\.log$/);
        if (a !== b) expect(checkpointFileName(a).toLowerCase()).not.toBe(checkpointFileName(b).toLowerCase());
      }),
    );
    expect([...'north North NORTH a.b a:b @workspace con COM1'.split(' ')].map(checkpointFileName)).toEqual([
      'north.log',
      '~4eorth.log',
      '~4e~4f~52~54~48.log',
      'a~2eb.log',
      'a~3ab.log',
      '~40workspace.log',
      '~63on.log',
      '~43~4f~4d1.log',
    ]);
  });
});

describe('H2 sealed payloads', () => {
  const key = createSecretKey(randomBytes(32));

  it('H2 open to what was sealed, compressed or not, and commit to it', () => {
    const bodies = fc.oneof(
      fc.uint8Array({ maxLength: 600 }),
      fc.integer({ min: 0, max: 5_000 }).map((size) => new Uint8Array(size).fill(65)),
    );
    fc.assert(
      fc.property(bodies, (bytes) => {
        const body = Buffer.from(bytes);
        const { sealed, commitment } = seal(body, key, randomBytes(sealRandomBytes));
        const opened = unseal(sealed, key);
        expect(opened.body.equals(body)).toBe(true);
        expect(payloadCommitment(sha256, opened.salt, body)).toEqual(commitment);
      }),
    );
    const long = Buffer.alloc(10_000, 'a');
    expect(seal(long, key, randomBytes(sealRandomBytes)).sealed.length).toBeLessThan(200);
  });

  it('H2 do not open when a byte was changed, cut or added, nor with another key', () => {
    const { sealed } = seal(Buffer.from('text'), key, randomBytes(sealRandomBytes));
    for (let at = 0; at < sealed.length; at += 1) {
      const changed = Buffer.from(sealed);
      changed[at] = (changed[at] ?? 0) ^ 3;
      expect(() => unseal(changed, key), `byte ${at}`).toThrow();
    }
    for (const other of [sealed.subarray(0, -1), sealed.subarray(0, 5), Buffer.alloc(0), Buffer.concat([sealed, Buffer.of(0)])]) {
      expect(() => unseal(other, key)).toThrow();
    }
    expect(() => unseal(sealed, createSecretKey(randomBytes(32)))).toThrow();
  });

  it('H2 give nothing away twice: the same body sealed again is other bytes and another commitment', () => {
    const [one, two] = [1, 2].map(() => seal(Buffer.from('text'), key, randomBytes(sealRandomBytes)));
    expect(one?.sealed.equals(two?.sealed ?? Buffer.alloc(0))).toBe(false);
    expect(one?.commitment).not.toEqual(two?.commitment);
  });
});

describe('H2 places', () => {
  it('H2 are whole numbers that a double holds, and tell log and entry', () => {
    for (const log of [1, 2, logsMax]) {
      for (const seq of [0, 1, 2 ** 36 - 1]) {
        expect(Number.isSafeInteger(placeOf(log, seq))).toBe(true);
        expect([logOf(placeOf(log, seq)), seqOf(placeOf(log, seq))]).toEqual([log, seq]);
      }
    }
  });
});
