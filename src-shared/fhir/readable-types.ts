import { Decimal } from './decimal.ts';
import { asArray, asObject } from './exact-json.ts';
import type { ExactObject, ExactValue } from './exact-json.ts';
import { knownWords, systemName } from './readable-labels.ts';

/**
 * One value of a FHIR data type in one line (R4, https://hl7.org/fhir/R4/datatypes.html). What the line does not say is
 * left over, by name, so that whoever asked can show it elsewhere: a member is never swallowed.
 */
export interface Line {
  readonly text: string;
  readonly left: readonly Leftover[];
}

/** A member that the line does not say; `path` continues the path of the value it belongs to. */
export interface Leftover {
  readonly path: string;
  readonly name: string;
  readonly value: ExactValue;
}

/** The line for an object that stands in an element of this name, or `undefined` when it is of no type known here. */
export function lineOf(name: string, value: ExactObject): Line | undefined {
  const parts = new Parts(value);
  if (Array.isArray(value.coding)) return concept(parts);
  if (value.value instanceof Decimal) return quantity(parts);
  if (typeof value.reference === 'string') return reference(parts);
  if (typeof value.start === 'string' || typeof value.end === 'string') return periodLine(parts);
  if (name === 'name' && (typeof value.family === 'string' || Array.isArray(value.given))) return humanName(parts);
  if (name === 'address') return address(parts);
  if (name === 'telecom') return telecom(parts);
  if (typeof value.value === 'string' && typeof value.system === 'string') return identifier(parts);
  if (typeof value.code === 'string' && typeof value.system === 'string') return coding(parts);
  if (name === 'repeat') return repeat(parts);
  if (typeof value.text === 'string') return parts.line(parts.text('text'));
  if (typeof value.display === 'string') return parts.line(parts.text('display'));
  return undefined;
}

const MOMENT = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)(Z|[+-]\d{2}:\d{2})$/;

/** A `dateTime` or `instant` with a space and "UTC" in place of the letters, every digit as it stands; other texts unchanged. */
export function momentWords(text: string): string {
  const match = MOMENT.exec(text);
  if (match === null) return text;
  const [, day, time, zone] = match;
  return `${day} ${time} UTC${zone === 'Z' ? '' : zone}`;
}

/** The members of one object, taken out one by one; those nobody took are what is left. */
class Parts {
  private readonly members: Map<string, ExactValue>;
  private readonly leftovers: Leftover[] = [];

  constructor(value: ExactObject) {
    this.members = new Map(Object.entries(value).flatMap(([name, one]) => (one === undefined ? [] : [[name, one] as const])));
  }

  /** A text that is not empty. */
  text(name: string): string | undefined {
    const value = this.members.get(name);
    if (typeof value !== 'string' || value === '') return undefined;
    this.members.delete(name);
    return value;
  }

  decimal(name: string): string | undefined {
    const value = this.members.get(name);
    if (!(value instanceof Decimal)) return undefined;
    this.members.delete(name);
    return value.text;
  }

  /** A list of texts, all of them or none. */
  texts(name: string): readonly string[] {
    const all = asArray(this.members.get(name));
    const texts = all.filter((one) => typeof one === 'string' && one !== '');
    if (all.length === 0 || texts.length < all.length) return [];
    this.members.delete(name);
    return texts as readonly string[];
  }

  /** Lines of a list of objects, all of them or none; what they leave over is left over here. */
  lines(name: string, line: (parts: Parts) => Line): readonly string[] {
    const all = asArray(this.members.get(name));
    const objects = all.map(asObject).filter((one) => one !== undefined);
    if (all.length === 0 || objects.length < all.length) return [];
    this.members.delete(name);
    return objects.map((object, at) => {
      const { text, left } = line(new Parts(object));
      for (const one of left) this.leftovers.push({ ...one, path: `.${name}[${at}]${one.path}` });
      return text;
    });
  }

  line(text: string | undefined): Line {
    const own = [...this.members].map(([name, value]) => ({ path: `.${name}`, name, value }));
    return { text: text ?? '', left: [...this.leftovers, ...own] };
  }
}

/** The parts that there are, with this between them. */
function join(between: string, ...parts: readonly (string | undefined)[]): string {
  return parts.filter((part) => part !== undefined && part !== '').join(between);
}

function coding(parts: Parts): Line {
  const [system, version, code, display] = ['system', 'version', 'code', 'display'].map((name) => parts.text(name));
  const words = display ?? (code === undefined ? undefined : knownWords(system, code));
  const by = join(
    ' ',
    system === undefined ? undefined : systemName(system),
    version === undefined ? undefined : `version ${version}`,
    words === undefined ? undefined : code,
  );
  return parts.line(join(' ', words ?? code, by === '' ? undefined : `(${by})`));
}

function concept(parts: Parts): Line {
  const text = parts.text('text');
  return parts.line(join('; ', text, ...parts.lines('coding', coding)));
}

function quantity(parts: Parts): Line {
  const [comparator, unit, system, code] = ['comparator', 'unit', 'system', 'code'].map((name) => parts.text(name));
  const value = parts.decimal('value');
  // Of a unit that is written in its own code, that the code is UCUM's needs no words.
  const plain = system === 'http://unitsofmeasure.org' && code === unit;
  const coded = plain ? '' : join(' ', system === undefined ? undefined : systemName(system), code);
  return parts.line(join(' ', comparator, value, unit, coded === '' ? undefined : `(${coded})`));
}

function reference(parts: Parts): Line {
  const [display, target] = [parts.text('display'), parts.text('reference')];
  return parts.line(display === undefined || target === undefined ? join('', display, target) : `${display} (${target})`);
}

function periodLine(parts: Parts): Line {
  const [start, end] = [parts.text('start'), parts.text('end')];
  return parts.line(
    join(
      ' ',
      start === undefined ? undefined : `from ${momentWords(start)}`,
      end === undefined ? undefined : `until ${momentWords(end)}`,
    ),
  );
}

function identifier(parts: Parts): Line {
  const [system, value] = [parts.text('system'), parts.text('value')];
  return parts.line(`${value ?? ''} (${systemName(system ?? '')})`);
}

function withUse(parts: Parts, words: string): Line {
  const use = parts.text('use');
  return parts.line(join(' ', words, use === undefined ? undefined : `(${use})`));
}

function humanName(parts: Parts): Line {
  const [text, family] = [parts.text('text'), parts.text('family')];
  const [prefix, given, suffix] = ['prefix', 'given', 'suffix'].map((name) => parts.texts(name).join(' '));
  return withUse(parts, join('; ', text, join(', ', family, join(' ', prefix, given, suffix))));
}

function telecom(parts: Parts): Line {
  const [system, value] = [parts.text('system'), parts.text('value')];
  return withUse(parts, join(' ', system, value));
}

function address(parts: Parts): Line {
  const text = parts.text('text');
  const lines = parts.texts('line');
  const rest = ['city', 'district', 'state', 'postalCode', 'country'].map((name) => parts.text(name));
  return withUse(parts, join(', ', text, ...lines, ...rest));
}

/** `Timing.repeat`: how often in how long. */
function repeat(parts: Parts): Line {
  const [frequency, period] = [parts.decimal('frequency'), parts.decimal('period')];
  const unit = parts.text('periodUnit');
  const every = join(' ', period, unit);
  return parts.line(
    join(
      ' ',
      frequency === undefined ? undefined : `${frequency} times`,
      every === '' ? undefined : `every ${every}`,
      ...parts.texts('when'),
    ),
  );
}
