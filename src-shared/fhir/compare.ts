import { sameInstant } from './date-time.ts';
import { Decimal } from './decimal.ts';
import { asArray, asObject, stringifyExact } from './exact-json.ts';
import type { ExactObject, ExactValue } from './exact-json.ts';

/**
 * What was sent against what the chart holds (C7).
 *
 * Every member that was sent must stand in the chart. What the server adds is its own business, with two exceptions: a
 * modifier extension, which may turn the meaning round, and items in lists that the caller names as his alone.
 */
export interface ResourceDifference {
  /** FHIRPath to the element, list places from zero. */
  readonly path: string;
  readonly kind: 'missing' | 'changed' | 'added' | 'precision';
  readonly sent: string | null;
  readonly found: string | null;
}

export interface CompareOptions {
  /** The server's base address, with its closing slash: a reference below it equals the relative one that was sent. */
  readonly base?: string;
  /** Lists in which an item that was not sent counts as a difference. */
  readonly exactLists?: ReadonlySet<string>;
}

export interface ResourceComparison {
  /** Single values that were compared. */
  readonly compared: number;
  readonly differences: readonly ResourceDifference[];
}

/** Compares a resource as sent with the resource as found. Pure; knows nothing of profiles. */
export function compareResources(sent: ExactObject, found: ExactObject, options: CompareOptions = {}): ResourceComparison {
  const run = new Comparing(options);
  const type = typeof sent.resourceType === 'string' ? sent.resourceType : 'Resource';
  run.members(type, comparable(sent), found);
  return { compared: run.compared, differences: run.differences };
}

/** The resource without what its server owns: id, version, time of change, and a narrative generated from the rest. */
function comparable(resource: ExactObject): ExactObject {
  const { id: _id, meta, text, ...rest } = resource;
  const { versionId: _version, lastUpdated: _time, source: _source, ...kept } = asObject(meta) ?? {};
  const generated = ['generated', 'extensions'].includes(String(asObject(text)?.status));
  return { ...rest, ...(Object.keys(kept).length > 0 && { meta: kept }), ...(text !== undefined && !generated && { text }) };
}

/** Lists whose order means nothing (R4 says so, or the element is a set by its nature). */
const UNORDERED = new Set([
  'identifier',
  'coding',
  'category',
  'telecom',
  'extension',
  'tag',
  'security',
  'profile',
  'author',
  'performer',
]);
const CODING_MEMBERS = new Set(['system', 'version', 'code', 'display', 'userSelected']);

class Comparing {
  readonly differences: ResourceDifference[] = [];
  readonly options: CompareOptions;
  compared = 0;

  constructor(options: CompareOptions) {
    this.options = options;
  }

  members(path: string, sent: ExactObject, found: ExactObject): void {
    const coded = isCoding(sent);
    for (const name in sent) {
      const value = sent[name];
      // A server may put its own words to a code; the code is what was said.
      if (value === undefined || (coded && name !== 'system' && name !== 'code')) continue;
      this.value(`${path}.${name}`, name, value, found[name]);
    }
    if (sent.modifierExtension === undefined && found.modifierExtension !== undefined) {
      this.report(`${path}.modifierExtension`, 'added', undefined, found.modifierExtension);
    }
  }

  private value(path: string, name: string, sent: ExactValue, found: ExactValue | undefined): void {
    if (Array.isArray(sent)) {
      if (Array.isArray(found)) this.list(path, name, asArray(sent), asArray(found));
      else this.report(path, found === undefined ? 'missing' : 'changed', sent, found);
      return;
    }
    const object = asObject(sent);
    if (object !== undefined) {
      const other = asObject(found);
      if (other !== undefined) this.members(path, object, other);
      else this.report(path, found === undefined ? 'missing' : 'changed', sent, found);
      return;
    }
    this.compared += 1;
    if (found === undefined || (found === null && sent !== null)) this.report(path, 'missing', sent, undefined);
    else if (sent instanceof Decimal && found instanceof Decimal) {
      if (!sent.equalsExactly(found)) this.report(path, sent.equalsNumerically(found) ? 'precision' : 'changed', sent, found);
    } else if (!this.samePrimitive(name, sent, found)) this.report(path, 'changed', sent, found);
  }

  private samePrimitive(name: string, sent: ExactValue, found: ExactValue): boolean {
    if (sent === found) return true;
    if (typeof sent !== 'string' || typeof found !== 'string') return false;
    return name === 'reference' ? this.relative(found) === this.relative(sent) : sameInstant(sent, found);
  }

  private relative(reference: string): string {
    const { base } = this.options;
    const path = base !== undefined && reference.startsWith(base) ? reference.slice(base.length) : reference;
    return path.replace(/\/_history\/[^/]*$/, '');
  }

  private list(path: string, name: string, sent: readonly ExactValue[], found: readonly ExactValue[]): void {
    const partners = UNORDERED.has(name) ? this.pair(name, sent, found) : this.align(name, sent, found);
    const free = new Set(found.keys());
    for (const partner of partners) free.delete(partner);
    for (const [at, value] of sent.entries()) {
      const partner = partners[at] ?? -1;
      const other = partner >= 0 ? partner : this.nearest(name, value, found, free, at);
      if (other >= 0) free.delete(other);
      this.value(`${path}[${at}]`, name, value, found[other]);
    }
    if (this.options.exactLists?.has(name) === true) {
      for (const at of free) this.report(`${path}[${at}]`, 'added', undefined, found[at]);
    }
  }

  /** Partners for a list whose order counts: the items as sent must follow each other, others may stand between them. */
  private align(name: string, sent: readonly ExactValue[], found: readonly ExactValue[]): readonly number[] {
    const inPlace = [...sent.keys()];
    if (sent.length >= found.length) return inPlace.map((at) => (at < found.length ? at : -1));
    const partners: number[] = [];
    let next = 0;
    for (const value of sent) {
      while (next < found.length && this.distance(name, value, found[next]) > 0) next += 1;
      if (next >= found.length) return inPlace;
      partners.push(next);
      next += 1;
    }
    return partners;
  }

  /** Partners for a list whose order does not count: as many equal pairs as there can be (augmenting paths). */
  private pair(name: string, sent: readonly ExactValue[], found: readonly ExactValue[]): readonly number[] {
    const partnerOfFound = new Array<number>(found.length).fill(-1);
    const equal = (at: number, other: number): boolean => this.distance(name, sent[at] ?? null, found[other]) === 0;
    const place = (at: number, tried: Set<number>): boolean => {
      // Its own place first: most servers keep the order.
      for (const other of [...(at < found.length ? [at] : []), ...found.keys()]) {
        if (tried.has(other) || !equal(at, other)) continue;
        tried.add(other);
        const rival = partnerOfFound[other] ?? -1;
        if (rival < 0 || place(rival, tried)) {
          partnerOfFound[other] = at;
          return true;
        }
      }
      return false;
    };
    for (const at of sent.keys()) place(at, new Set());
    return [...sent.keys()].map((at) => partnerOfFound.indexOf(at));
  }

  /** Of the items nobody has claimed, the one that differs least: so that a changed item is shown as changed. */
  private nearest(name: string, value: ExactValue, found: readonly ExactValue[], free: ReadonlySet<number>, at: number): number {
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    for (const other of free) {
      const distance = this.distance(name, value, found[other]) - (other === at ? 0.5 : 0);
      if (distance < least) [best, least] = [other, distance];
    }
    return best;
  }

  private distance(name: string, sent: ExactValue, found: ExactValue | undefined): number {
    const trial = new Comparing(this.options);
    trial.value('', name, sent, found);
    return trial.differences.length;
  }

  private report(
    path: string,
    kind: ResourceDifference['kind'],
    sent: ExactValue | undefined,
    found: ExactValue | undefined,
  ): void {
    const [left, right] = [words(sent), words(found)];
    const from = left === null || right === null ? 0 : firstDifference(left, right);
    this.differences.push({ path, kind, sent: excerpt(left, from), found: excerpt(right, from) });
  }
}

function isCoding(value: ExactObject): boolean {
  if (typeof value.code !== 'string') return false;
  for (const name in value) if (!CODING_MEMBERS.has(name)) return false;
  return true;
}

function words(value: ExactValue | undefined): string | null {
  if (value === undefined) return null;
  return typeof value === 'string' ? value : stringifyExact(value);
}

function firstDifference(left: string, right: string): number {
  let at = 0;
  while (at < left.length && left.charCodeAt(at) === right.charCodeAt(at)) at += 1;
  return at;
}

const EXCERPT_CHARS = 200;

/** Long values are cut, around the place where they begin to differ: enough to see, not a second copy of the chart. */
function excerpt(text: string | null, from: number): string | null {
  if (text === null || text.length <= EXCERPT_CHARS) return text;
  const start = Math.max(0, Math.min(from - 40, text.length - EXCERPT_CHARS));
  const end = start + EXCERPT_CHARS;
  return `${start > 0 ? '…' : ''}${text.slice(start, end).toWellFormed()}${end < text.length ? '…' : ''}`;
}
