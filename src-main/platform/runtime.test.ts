import { describe, expect, it } from 'vitest';
import { hex, utf8 } from '../../src-shared/domain/index.ts';
import { sha256, systemClock, systemRandom, systemTimers } from './runtime.ts';

describe('clock and timers', () => {
  it('A4 the wall clock is that of the system, in whole milliseconds', () => {
    const before = Date.now();
    const now = systemClock.now();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
    expect(Number.isInteger(now)).toBe(true);
  });

  it('C6 a sleep lasts at least as long as asked, on the monotonic clock', async () => {
    const start = systemClock.monotonic();
    expect(await systemTimers.sleep(20)).toBe(true);
    expect(systemClock.monotonic() - start).toBeGreaterThanOrEqual(20);
  });

  it('C6 a sleep of no time ends at once', async () => {
    expect(await systemTimers.sleep(0)).toBe(true);
    expect(await systemTimers.sleep(-5)).toBe(true);
  });

  it('C6 a sleep ends with false when it is aborted, at once or later', async () => {
    const controller = new AbortController();
    const sleeping = systemTimers.sleep(600_000, controller.signal);
    controller.abort();
    expect(await sleeping).toBe(false);
    expect(await systemTimers.sleep(600_000, controller.signal)).toBe(false);
    expect(await systemTimers.sleep(0, controller.signal)).toBe(false);
  });

  it('C6 a sleep longer than a timer can last does not end at once', async () => {
    const controller = new AbortController();
    const sleeping = systemTimers.sleep(2 ** 40, controller.signal);
    expect(await Promise.race([sleeping, systemTimers.sleep(20).then(() => 'still asleep')])).toBe('still asleep');
    controller.abort();
    expect(await sleeping).toBe(false);
  });
});

describe('chance', () => {
  it('C6 fractions lie in [0, 1) and do not repeat', () => {
    const fractions = Array.from({ length: 2000 }, () => systemRandom.fraction());
    expect(fractions.every((fraction) => fraction >= 0 && fraction < 1)).toBe(true);
    expect(new Set(fractions).size).toBe(2000);
    const mean = fractions.reduce((sum, fraction) => sum + fraction, 0) / fractions.length;
    expect(mean).toBeGreaterThan(0.4);
    expect(mean).toBeLessThan(0.6);
  });

  it('C1 ids are 26 characters of base32 and do not repeat', () => {
    const ids = Array.from({ length: 1000 }, () => systemRandom.id());
    expect(ids.every((id) => /^[a-z2-7]{26}$/.test(id))).toBe(true);
    expect(new Set(ids).size).toBe(1000);
  });

  it('C1 bytes are as many as asked, each call others', () => {
    expect(systemRandom.bytes(0)).toEqual(new Uint8Array(0));
    const [first, second] = [systemRandom.bytes(32), systemRandom.bytes(32)];
    expect(first).toHaveLength(32);
    expect(hex(first)).not.toBe(hex(second));
    expect(Object.getPrototypeOf(first)).toBe(Uint8Array.prototype);
  });
});

describe('SHA-256', () => {
  // FIPS 180-4, examples (NIST, SHA256.pdf); the empty text from the same functions' test vectors.
  it.each([
    ['', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [
      'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    ],
  ])('H2 of "%s"', (text, digest) => {
    const bytes = sha256(utf8(text));
    expect(hex(bytes)).toBe(digest);
    expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype);
  });
});
