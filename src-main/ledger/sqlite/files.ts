import { saltBytes } from './connection.ts';
import { derive } from './keys.ts';

/** Names of the files of a ledger in the folder of its workspace. */
export const ledgerFile = 'ledger.db';
export const payloadKeysFile = 'payload-keys.db';

/** First half of the ledger file's salt: says what the file is, whatever its key. The second half depends on the key. */
export const ledgerMark = Buffer.from('CSLEDG1\0', 'latin1');

/** The salt with which ledger.db is written under this key: the first 16 bytes of the file. */
export function ledgerSalt(key: Uint8Array): Buffer {
  return Buffer.concat([ledgerMark, derive(key, 'ledger salt', saltBytes - ledgerMark.length)]);
}
