import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { Random } from '../../ports/outbound/index.ts';
import type { AtFailpoint } from '../failpoint.ts';
import { applySettings, openEncrypted, type Db, type Statement } from './connection.ts';
import { derive, keyBytes } from './keys.ts';

/** A key that encrypts the payloads of one patient of one tenant, or of the tenant itself (subject ''). */
export interface PayloadKey {
  readonly id: number;
  readonly key: KeyObject;
}

/** Whose payload key is meant. */
export interface KeyOwner {
  readonly tenant: string;
  readonly subject: string;
}

const CIPHER = 'aes-256-gcm';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const CACHED_MAX = 10_000;
const CACHE_KB = 4 * 1024;
const LAYOUT = `CREATE TABLE payload_key (
  id INTEGER PRIMARY KEY, tenant TEXT NOT NULL, subject TEXT NOT NULL, wrapped BLOB NOT NULL, UNIQUE (tenant, subject)
) STRICT`;
const LAYOUT_VERSION = 1;

/**
 * The file of payload keys (payload-keys.db), apart from the ledger so that a key can be destroyed, and age out of
 * backups, without touching the log. Each key is random, wrapped with AES-256-GCM under a key of its tenant.
 *
 * A key is durable here before any payload uses it: a crash leaves at most a key without payloads.
 */
export class PayloadKeys {
  readonly db: Db;
  private readonly random: Pick<Random, 'bytes'>;
  private readonly secret: Uint8Array;
  private readonly failpoint: AtFailpoint;
  private readonly wrapping = new Map<string, Buffer>();
  private readonly byOwner = new Map<string, PayloadKey>();
  private readonly byId = new Map<number, PayloadKey>();
  private readonly selectOwner: Statement;
  private readonly selectId: Statement;
  private readonly insert: Statement;

  private constructor(db: Db, secret: Uint8Array, random: Pick<Random, 'bytes'>, failpoint: AtFailpoint) {
    this.failpoint = failpoint;
    this.db = db;
    this.secret = secret;
    this.random = random;
    this.selectOwner = db.prepare('SELECT id, wrapped FROM payload_key WHERE tenant = ? AND subject = ?');
    this.selectId = db.prepare('SELECT id, tenant, subject, wrapped FROM payload_key WHERE id = ?');
    this.insert = db.prepare('INSERT INTO payload_key (tenant, subject, wrapped) VALUES (?, ?, ?) ON CONFLICT DO NOTHING');
  }

  /** Key and salt that encrypt the file, from the workspace's payload secret. */
  static fileKey(secret: Uint8Array): { key: Buffer; salt: Buffer } {
    return { key: derive(secret, 'payload-keys file', keyBytes), salt: derive(secret, 'payload-keys salt', 16) };
  }

  /** Opens the file. Throws what SQLite throws (SQLITE_NOTADB when the key does not fit). */
  static open(
    file: string,
    secret: Uint8Array,
    random: Pick<Random, 'bytes'>,
    create: boolean,
    failpoint: AtFailpoint = () => {},
  ): PayloadKeys {
    const { key, salt } = PayloadKeys.fileKey(secret);
    const db = openEncrypted(file, key, salt, { create });
    try {
      db.prepare('SELECT count(*) FROM sqlite_schema').get();
      applySettings(db, CACHE_KB);
      if (create) {
        db.exec('BEGIN IMMEDIATE');
        db.exec(LAYOUT);
        db.pragma(`user_version=${LAYOUT_VERSION}`);
        db.exec('COMMIT');
      }
      return new PayloadKeys(db, secret, random, failpoint);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** The keys of these owners, in their order; makes those that are missing, durably, in one transaction. */
  require(owners: readonly KeyOwner[]): readonly PayloadKey[] {
    const missing = owners.filter((owner) => this.known(owner) === undefined);
    if (missing.length > 0) this.make(missing);
    return owners.map((owner) => {
      const found = this.known(owner);
      if (found === undefined) throw new Error('a payload key that was just written cannot be read');
      return found;
    });
  }

  /** The key with this number, or `null` when it has been destroyed. */
  find(id: number): PayloadKey | null {
    const cached = this.byId.get(id);
    if (cached !== undefined) return cached;
    const row = this.selectId.get(id) as { id: number; tenant: string; subject: string; wrapped: Buffer } | undefined;
    const found = row === undefined ? null : { id, key: this.unwrap(row, row.id, row.wrapped) };
    // Absence is not remembered: another process may be about to write the key.
    if (found !== null) remember(this.byId, id, found);
    return found;
  }

  close(): void {
    this.db.close();
    for (const key of this.wrapping.values()) key.fill(0);
    this.wrapping.clear();
    this.byOwner.clear();
    this.byId.clear();
  }

  private known(owner: KeyOwner): PayloadKey | undefined {
    const name = nameOf(owner);
    const cached = this.byOwner.get(name);
    if (cached !== undefined) return cached;
    const row = this.selectOwner.get(owner.tenant, owner.subject) as { id: number; wrapped: Buffer } | undefined;
    if (row === undefined) return undefined;
    const key = { id: row.id, key: this.unwrap(owner, row.id, row.wrapped) };
    remember(this.byOwner, name, key);
    return key;
  }

  private make(owners: readonly KeyOwner[]): void {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      this.failpoint('keys-begun');
      for (const owner of owners) this.insert.run(owner.tenant, owner.subject, this.wrap(owner));
      this.failpoint('keys-inserted');
      this.db.exec('COMMIT');
    } catch (error) {
      if (this.db.inTransaction) this.db.exec('ROLLBACK');
      throw error;
    }
  }

  private wrap(owner: KeyOwner): Buffer {
    const nonce = this.random.bytes(NONCE_BYTES);
    const cipher = createCipheriv(CIPHER, this.wrappingKey(owner.tenant), nonce);
    cipher.setAAD(Buffer.from(nameOf(owner)));
    const key = this.random.bytes(keyBytes);
    return Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
  }

  private unwrap(owner: KeyOwner, id: number, wrapped: Buffer): KeyObject {
    const decipher = createDecipheriv(CIPHER, this.wrappingKey(owner.tenant), wrapped.subarray(0, NONCE_BYTES));
    decipher.setAAD(Buffer.from(nameOf(owner)));
    decipher.setAuthTag(wrapped.subarray(-TAG_BYTES));
    const key = Buffer.concat([decipher.update(wrapped.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
    if (key.length !== keyBytes) throw new RangeError(`payload key ${id} is ${key.length} bytes long`);
    const object = createSecretKey(key);
    key.fill(0);
    return object;
  }

  private wrappingKey(tenant: string): Buffer {
    let key = this.wrapping.get(tenant);
    if (key === undefined) {
      key = derive(this.secret, `payload-keys tenant ${tenant}`, keyBytes);
      this.wrapping.set(tenant, key);
    }
    return key;
  }
}

function nameOf(owner: KeyOwner): string {
  return `${owner.tenant}\n${owner.subject}`;
}

function remember<K, V>(cache: Map<K, V>, key: K, value: V): void {
  if (cache.size >= CACHED_MAX) cache.clear();
  cache.set(key, value);
}
