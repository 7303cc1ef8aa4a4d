import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { PayloadKeys } from './payload-keys.ts';
import { testRandom } from '../testing/sqlite-store.ts';

/** Keys of tenants are apart (G7): the same patient of two tenants has two, and a moved one opens nothing. */

let folder: string;
let keys: PayloadKeys;
const secret = testRandom.bytes(32);
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-keys-'));
  keys = PayloadKeys.open(path.join(folder, 'payload-keys.db'), secret, testRandom, true);
});
afterEach(() => {
  keys.close();
  rmSync(folder, { recursive: true, force: true });
});

const bytesOf = (one: { readonly key: { export(): Buffer } } | undefined): string => one?.key.export().toString('hex') ?? '';

it('G7 each tenant and each patient of it has a key of its own', () => {
  const owners = ['north', 'south'].flatMap((tenant) => ['', 'p1', 'p2'].map((subject) => ({ tenant, subject })));
  const made = keys.require(owners);
  expect(new Set(made.map(bytesOf)).size).toBe(owners.length);
  expect(new Set(made.map(({ id }) => id)).size).toBe(owners.length);
  expect(keys.require(owners).map(({ id }) => id)).toEqual(made.map(({ id }) => id));
});

it.each([
  ['another tenant', { tenant: 'south', subject: 'p1' }],
  ['another patient', { tenant: 'north', subject: 'p2' }],
])('G7 a key that was moved to %s does not open', (_, owner) => {
  const [own] = keys.require([{ tenant: 'north', subject: 'p1' }]);
  keys.db.prepare('UPDATE payload_key SET tenant = ?, subject = ? WHERE id = ?').run(owner.tenant, owner.subject, own?.id);
  keys.close();
  keys = PayloadKeys.open(path.join(folder, 'payload-keys.db'), secret, testRandom, false);
  expect(() => keys.find(own?.id ?? 0)).toThrow();
  expect(() => keys.require([owner])).toThrow();
});
