import { utf8 } from '../domain/index.ts';
import { quote, whole } from './canonical-json.ts';

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

/**
 * The bytes that are hashed and stored: canonical JSON (RFC 8785) in UTF-8.
 *
 * @throws RangeError on what canonical JSON cannot hold: halves of surrogate pairs, numbers that are not safe integers
 */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  return utf8(spell(envelope));
}

/**
 * Reads envelope bytes. Refuses everything but the exact bytes `encodeEnvelope` would write for the same content: other
 * members, another order, white space, another version, invalid UTF-8.
 */
export function parseEnvelope(bytes: Uint8Array): EnvelopeParse {
  let text: string;
  try {
    text = decoder.decode(bytes);
  } catch {
    return { ok: false, problem: 'is not UTF-8' };
  }
  const envelope = readPlain(text) ?? readAny(text);
  if (typeof envelope === 'string') return { ok: false, problem: envelope };
  if (!Number.isSafeInteger(envelope.seq) || !Number.isSafeInteger(envelope.at) || envelope.seq < 0 || envelope.at < 0) {
    return { ok: false, problem: 'has no usable "seq" or "at"' };
  }
  if (!HASH.test(envelope.payload)) return { ok: false, problem: 'has no hash "payload"' };
  if (envelope.seq === 0 ? envelope.prev !== '' : !HASH.test(envelope.prev)) return { ok: false, problem: 'has no hash "prev"' };
  return { ok: true, envelope };
}

const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const HASH = /^[0-9a-f]{64}$/;

// Written out in the order of RFC 8785 because this is done for every entry; a test holds it against `canonicalJson`.
function spell(envelope: Envelope): string {
  return (
    `{"actor":${quote(envelope.actor)},"actorKind":${quote(envelope.actorKind)},"at":${whole(envelope.at)},"clock":${quote(envelope.clock)}` +
    `,"correlation":${quote(envelope.correlation)},"payload":${quote(envelope.payload)},"prev":${quote(envelope.prev)}` +
    `,"role":${quote(envelope.role)},"seq":${whole(envelope.seq)},"stream":${quote(envelope.stream)}` +
    `,"subject":${quote(envelope.subject)},"tenant":${quote(envelope.tenant)},"type":${quote(envelope.type)},"v":1}`
  );
}

// Nearly every envelope there is: canonical by its form, with nothing in it that JSON escapes or that is not ASCII.
const TEXT = '"([ !#-\\[\\]-~]*)"';
const WHOLE = '(0|[1-9][0-9]{0,14})';
const PLAIN = new RegExp(
  `^\\{"actor":${TEXT},"actorKind":${TEXT},"at":${WHOLE},"clock":${TEXT},"correlation":${TEXT},"payload":${TEXT},"prev":${TEXT}` +
    `,"role":${TEXT},"seq":${WHOLE},"stream":${TEXT},"subject":${TEXT},"tenant":${TEXT},"type":${TEXT},"v":1\\}$`,
);

function readPlain(text: string): Envelope | undefined {
  const match = PLAIN.exec(text);
  if (match === null) return undefined;
  const [, actor = '', actorKind = '', at, clock = '', correlation = '', payload = '', prev = '', role = '', seq, stream = ''] =
    match;
  const [subject = '', tenant = '', type = ''] = match.slice(11);
  const v = 1;
  return {
    v,
    tenant,
    seq: Number(seq),
    type,
    stream,
    at: Number(at),
    clock,
    actor,
    actorKind,
    role,
    subject,
    correlation,
    payload,
    prev,
  };
}

const STRINGS = ['tenant', 'type', 'stream', 'clock', 'actor', 'actorKind', 'role', 'subject', 'correlation', 'payload', 'prev'];
const MEMBERS = STRINGS.length + 3;

/** The envelope in any JSON text, or what is wrong with it. */
function readAny(text: string): Envelope | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'is not JSON';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'is not an object';
  const members = value as Readonly<Record<string, unknown>>;
  if (members['v'] !== 1) return 'is not of version 1';
  for (const name of STRINGS) if (typeof members[name] !== 'string') return `has no text "${name}"`;
  for (const name of ['seq', 'at']) if (!Number.isSafeInteger(members[name])) return `has no whole number "${name}"`;
  if (Object.keys(members).length !== MEMBERS) return 'has members that envelope v1 does not have';
  const envelope = value as Envelope;
  if (STRINGS.some((name) => !(members[name] as string).isWellFormed())) return 'holds half of a surrogate pair';
  return spell(envelope) === text ? envelope : 'is not in its canonical spelling';
}
