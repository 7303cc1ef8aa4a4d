import { Decimal } from './decimal.ts';

/**
 * JSON read strictly and exactly (RFC 8259, I-JSON RFC 7493 where it is stricter).
 *
 * One pass over the text that refuses what `JSON.parse` lets through (duplicate keys, unlimited depth, prototype keys,
 * lone surrogates) and keeps what it throws away (the characters of numbers, the place of each top-level member).
 */
export type ExactValue = null | boolean | string | Decimal | readonly ExactValue[] | ExactObject;
export interface ExactObject {
  readonly [key: string]: ExactValue | undefined;
}

/** Why a text was refused; `code` is stable. */
export type JsonFaultCode = 'json-syntax' | 'json-duplicate-key' | 'json-too-deep' | 'json-forbidden-key' | 'json-bad-text';

export interface JsonFault {
  readonly code: JsonFaultCode;
  /** One-based line and column (UTF-16 units) of the first character that could not be accepted. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** Start and end (exclusive) of a value in UTF-16 units of the text it was read from. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

export type ExactParse =
  | { readonly ok: true; readonly value: ExactValue; readonly members: ReadonlyMap<string, Span> }
  | { readonly ok: false; readonly fault: JsonFault };

/**
 * Reads one JSON text. `members` maps the names of the outermost object's members to where their values stand, so that
 * a hash can be taken over the characters as they were sent.
 *
 * @param depthMax how many arrays and objects may stand inside each other
 */
export function parseExact(text: string, depthMax: number): ExactParse {
  const reader = new Reader(text, depthMax);
  try {
    return { ok: true, value: reader.document(), members: reader.members };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, fault: locate(text, error) };
    throw error;
  }
}

/** Writes a value without white space; decimals keep their characters. */
export function stringifyExact(value: ExactValue): string {
  return JSON.stringify(value);
}

/** The value as an object, or `undefined` when it is anything else. */
export function asObject(value: ExactValue | undefined): ExactObject | undefined {
  if (value === null || typeof value !== 'object' || Array.isArray(value) || value instanceof Decimal) return undefined;
  return value as ExactObject;
}

/** The value as an array; an empty one when it is anything else. */
export function asArray(value: ExactValue | undefined): readonly ExactValue[] {
  return Array.isArray(value) ? (value as readonly ExactValue[]) : [];
}

/** The value as a string, or `undefined` when it is anything else. */
export function asString(value: ExactValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

class Refusal extends Error {
  readonly code: JsonFaultCode;
  readonly at: number;
  constructor(code: JsonFaultCode, at: number, message: string) {
    super(message);
    this.code = code;
    this.at = at;
  }
}

function locate(text: string, refusal: Refusal): JsonFault {
  const before = text.slice(0, refusal.at);
  const line = before.split('\n').length;
  return { code: refusal.code, line, column: refusal.at - (before.lastIndexOf('\n') + 1) + 1, message: refusal.message };
}

const NUMBER_AT = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
// Everything up to the closing quote that needs no thought: no escape and no control character.
const PLAIN_AT = /[^"\\\u0000-\u001f]*/y;
const ESCAPES: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };
/** Keys that change an object's nature when copied carelessly; no clinical format uses them. */
const FORBIDDEN_KEYS = new Set(['__proto__', 'constructor', 'prototype']);

class Reader {
  readonly members = new Map<string, Span>();
  private readonly text: string;
  private readonly depthMax: number;
  private at = 0;
  private depth = 0;

  constructor(text: string, depthMax: number) {
    this.text = text;
    this.depthMax = depthMax;
  }

  document(): ExactValue {
    const value = this.value();
    this.space();
    if (this.at < this.text.length) this.refuse('json-syntax', 'more text after the end of the JSON value');
    return value;
  }

  private value(): ExactValue {
    this.space();
    switch (this.text.charCodeAt(this.at)) {
      case 0x7b:
        return this.object();
      case 0x5b:
        return this.array();
      case 0x22:
        return this.string();
      case 0x74:
        return this.word('true', true);
      case 0x66:
        return this.word('false', false);
      case 0x6e:
        return this.word('null', null);
      default:
        return this.number();
    }
  }

  private object(): ExactObject {
    this.enter();
    const outermost = this.depth === 1;
    const result: Record<string, ExactValue> = {};
    this.space();
    if (this.text.charCodeAt(this.at) === 0x7d) return this.leave(result);
    for (;;) {
      this.space();
      const keyAt = this.at;
      if (this.text.charCodeAt(this.at) !== 0x22) this.refuse('json-syntax', 'a member name in double quotes is expected here');
      const key = this.string();
      if (FORBIDDEN_KEYS.has(key)) this.refuse('json-forbidden-key', `the member name "${key}" is not allowed`, keyAt);
      if (Object.hasOwn(result, key)) this.refuse('json-duplicate-key', `the member "${key}" stands here a second time`, keyAt);
      this.space();
      if (this.text.charCodeAt(this.at) !== 0x3a) this.refuse('json-syntax', `a colon is expected after "${key}"`);
      this.at += 1;
      this.space();
      const start = this.at;
      result[key] = this.value();
      if (outermost) this.members.set(key, { start, end: this.at });
      this.space();
      const next = this.text.charCodeAt(this.at);
      if (next === 0x7d) return this.leave(result);
      if (next !== 0x2c) this.refuse('json-syntax', 'a comma or the end of the object is expected here');
      this.at += 1;
    }
  }

  private array(): ExactValue[] {
    this.enter();
    const result: ExactValue[] = [];
    this.space();
    if (this.text.charCodeAt(this.at) === 0x5d) return this.leave(result);
    for (;;) {
      result.push(this.value());
      this.space();
      const next = this.text.charCodeAt(this.at);
      if (next === 0x5d) return this.leave(result);
      if (next !== 0x2c) this.refuse('json-syntax', 'a comma or the end of the list is expected here');
      this.at += 1;
    }
  }

  private string(): string {
    const start = this.at;
    this.at += 1;
    let result = '';
    for (;;) {
      PLAIN_AT.lastIndex = this.at;
      PLAIN_AT.test(this.text);
      const end = PLAIN_AT.lastIndex;
      result += this.text.slice(this.at, end);
      this.at = end;
      const stop = this.text.charCodeAt(end);
      if (stop === 0x22) break;
      if (stop === 0x5c) result += this.escape();
      else if (Number.isNaN(stop)) this.refuse('json-syntax', 'the text ends inside a string', start);
      else this.refuse('json-bad-text', 'a control character must be written as an escape');
    }
    this.at += 1;
    if (!result.isWellFormed()) this.refuse('json-bad-text', 'half of a surrogate pair is not a character', start);
    return result;
  }

  private escape(): string {
    const letter = this.text[this.at + 1] ?? '';
    if (letter === 'u') {
      const hex = this.text.slice(this.at + 2, this.at + 6);
      if (!/^[0-9a-fA-F]{4}$/.test(hex)) this.refuse('json-syntax', 'four hexadecimal digits are expected after \\u');
      this.at += 6;
      return String.fromCharCode(Number.parseInt(hex, 16));
    }
    const meaning = ESCAPES[letter];
    if (meaning === undefined) this.refuse('json-syntax', 'this escape is not part of JSON');
    this.at += 2;
    return meaning;
  }

  private number(): Decimal {
    NUMBER_AT.lastIndex = this.at;
    const match = NUMBER_AT.exec(this.text);
    if (match === null) {
      this.refuse(
        'json-syntax',
        this.at >= this.text.length ? 'the text ends where a value is expected' : 'a value is expected here',
      );
    }
    this.at = NUMBER_AT.lastIndex;
    return Decimal.of(match[0]);
  }

  private word<T>(word: string, value: T): T {
    if (!this.text.startsWith(word, this.at)) this.refuse('json-syntax', 'a value is expected here');
    this.at += word.length;
    return value;
  }

  private space(): void {
    for (;;) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.at += 1;
    }
  }

  private enter(): void {
    this.depth += 1;
    if (this.depth > this.depthMax) this.refuse('json-too-deep', `more than ${this.depthMax} objects or lists inside each other`);
    this.at += 1;
  }

  private leave<T>(value: T): T {
    this.depth -= 1;
    this.at += 1;
    return value;
  }

  private refuse(code: JsonFaultCode, message: string, at = this.at): never {
    throw new Refusal(code, at, message);
  }
}
