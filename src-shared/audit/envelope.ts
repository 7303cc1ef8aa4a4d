import { utf8 } from '../domain/index.ts';
import { canonicalJson } from './canonical-json.ts';

/**
 * Envelope v1 (frozen; docs/formats.md): what the log proves about an entry. It names and commits, it never holds
 * clinical text: the body is the payload, encrypted apart and bound by `payload`.
 */
export interface Envelope {
  readonly v: 1;
  readonly tenant: string;
  /** Place in the tenant's log, from 0, without gaps. */
  readonly seq: number;
  readonly type: string;
  /** What the entry is about, like `write/<id>`. */
  readonly stream: string;
  /** Epoch milliseconds; never less than that of the entry before. */
  readonly at: number;
  /** What is known of the clock that gave `at`; `ok` or the reason for doubt. */
  readonly clock: string;
  readonly actor: string;
  readonly actorKind: string;
  /** Role in which a person acted; empty for everything else. */
  readonly role: string;
  /** Pseudonymous patient key; empty when the entry is about no patient. */
  readonly subject: string;
  readonly correlation: string;
  /** Payload commitment, 64 hexadecimal digits. */
  readonly payload: string;
  /** Leaf hash of the entry before, 64 hexadecimal digits; empty for entry 0. */
  readonly prev: string;
}

export type EnvelopeParse = { readonly ok: true; readonly envelope: Envelope } | { readonly ok: false; readonly problem: string };

/** The bytes that are hashed and stored: canonical JSON in UTF-8. Throws a RangeError on values JCS cannot write. */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  return utf8(canonicalJson({ ...envelope }));
}

const STRINGS = ['tenant', 'type', 'stream', 'clock', 'actor', 'actorKind', 'role', 'subject', 'correlation', 'payload', 'prev'] as const;
const MEMBERS = STRINGS.length + 3;
const HASH = /^[0-9a-f]{64}$/;
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads envelope bytes. Refuses everything but the exact bytes `encodeEnvelope` would write for the same content: other
 * members, another order, white space, another version, invalid UTF-8.
 */
export function parseEnvelope(bytes: Uint8Array): EnvelopeParse {
  let text: string;
  let value: unknown;
  try {
    text = decoder.decode(bytes);
    value = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'is not JSON in UTF-8' };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { ok: false, problem: 'is not an object' };
  const envelope = value as Envelope;
  const problem = shapeProblem(value as Readonly<Record<string, unknown>>);
  if (problem !== null) return { ok: false, problem };
  if (spell(envelope) !== text) return { ok: false, problem: 'is not in its canonical spelling' };
  return { ok: true, envelope };
}

function spell(envelope: Envelope): string | null {
  try {
    return canonicalJson({ ...envelope });
  } catch {
    return null;
  }
}

function shapeProblem(value: Readonly<Record<string, unknown>>): string | null {
  if (value['v'] !== 1) return 'is not of version 1';
  for (const name of STRINGS) if (typeof value[name] !== 'string') return `has no text "${name}"`;
  for (const name of ['seq', 'at']) {
    const number = value[name];
    if (!Number.isSafeInteger(number) || (number as number) < 0) return `has no whole number "${name}"`;
  }
  if (Object.keys(value).length !== MEMBERS) return 'has members that envelope v1 does not have';
  if (!HASH.test(value['payload'] as string)) return 'has no hash "payload"';
  if (value['seq'] === 0 ? value['prev'] !== '' : !HASH.test(value['prev'] as string)) return 'has no hash "prev"';
  return null;
}
