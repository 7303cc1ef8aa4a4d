import { limits } from '../limits/index.ts';

/** What canonical JSON may hold here: no fractions, because a double does not keep the digits of a clinical number. */
export type CanonicalValue =
  string | number | boolean | null | readonly CanonicalValue[] | { readonly [key: string]: CanonicalValue };

/**
 * The one spelling of a value: JSON Canonicalization Scheme (RFC 8785), restricted to objects and arrays of strings,
 * safe integers, booleans and null. Members are sorted by UTF-16 code units, nothing stands between tokens.
 *
 * @throws RangeError on anything else: fractions and unsafe integers, `undefined`, halves of surrogate pairs, instances
 * of classes, and values nested deeper than `limits.jsonDepthMax`. Canonical bytes are hashed, so what cannot be written
 * without doubt is not written at all.
 */
export function canonicalJson(value: CanonicalValue): string {
  return write(value, 0);
}

function write(value: unknown, depth: number): string {
  if (typeof value === 'string') return quote(value);
  if (typeof value === 'number') return whole(value);
  if (value === null || typeof value === 'boolean') return String(value);
  if (depth >= limits.jsonDepthMax) throw new RangeError(`canonical JSON is nested deeper than ${limits.jsonDepthMax}`);
  if (Array.isArray(value)) return `[${Array.from(value, (item: unknown) => write(item, depth + 1)).join(',')}]`;
  if (isPlainObject(value)) {
    const members = Object.keys(value)
      .sort()
      .map((key) => `${quote(key)}:${write(value[key], depth + 1)}`);
    return `{${members.join(',')}}`;
  }
  throw new RangeError(`canonical JSON cannot hold a value of type ${typeof value}`);
}

/** A number as canonical JSON writes it. Throws a RangeError unless it is a safe integer. */
export function whole(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`canonical JSON holds whole numbers up to 2^53 only, not ${value}`);
  return JSON.stringify(value);
}

/** A text as canonical JSON writes it. Throws a RangeError on half of a surrogate pair. */
export function quote(value: string): string {
  if (!value.isWellFormed()) throw new RangeError('canonical JSON cannot hold half of a surrogate pair');
  return JSON.stringify(value);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
