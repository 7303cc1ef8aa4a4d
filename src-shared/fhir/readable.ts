import { limits } from '../limits/index.ts';
import { Decimal } from './decimal.ts';
import { asArray, asObject, asString, parseExact } from './exact-json.ts';
import type { ExactObject, ExactValue } from './exact-json.ts';
import { attachmentText, narrativeText } from './readable-content.ts';
import { choiceOf, labelOf, resourceWord, type ReadablePart } from './readable-labels.ts';
import { lineOf, momentWords } from './readable-types.ts';

/**
 * A FHIR resource, or a JSON Patch of one, as a clinician reads it: a title, fields in plain words, and its texts.
 *
 * Nothing is left out: what has no label of its own stands under its path, and what cannot be shown as words is named
 * with its size. Numbers keep their characters.
 */
export interface Readable {
  readonly title: string;
  /** In the order of the resource. */
  readonly fields: readonly ReadableField[];
  /** Notes, messages and narratives, in full. */
  readonly texts: readonly ReadableText[];
  /** Why the text could not be read, or `null`; the title, fields and texts then say nothing. */
  readonly problem: string | null;
}

export interface ReadableField {
  readonly label: string;
  readonly value: string;
  /** FHIRPath, list places from zero. */
  readonly path: string;
  readonly part: ReadablePart;
}

export interface ReadableText {
  readonly label: string;
  readonly text: string;
  readonly path: string;
}

/**
 * @param json the exact text that was, or would be, sent or was read
 * @param resourceType what a JSON Patch (RFC 6902) changes; a resource says it itself
 */
export function readable(json: string, resourceType = 'Resource'): Readable {
  const parsed = parseExact(json, limits.jsonDepthMax);
  if (!parsed.ok) return unreadable(`${parsed.fault.message} (line ${parsed.fault.line}, column ${parsed.fault.column})`);
  const reader = new Reader();
  const resource = asObject(parsed.value);
  if (resource !== undefined) {
    const { resourceType: named, ...members } = resource;
    const type = asString(named);
    reader.members(type ?? resourceType, type === undefined ? resource : members, []);
    return reader.result(titleOf(type ?? resourceType, resource));
  }
  if (!Array.isArray(parsed.value)) return unreadable('neither a resource nor a list of changes');
  for (const [at, operation] of asArray(parsed.value).entries()) reader.operation(resourceType, operation, at);
  return reader.result(`Changes to: ${resourceWord(resourceType)}`);
}

function unreadable(problem: string): Readable {
  return { title: '', fields: [], texts: [], problem };
}

const MOMENTS =
  /(?:Date|DateTime|Instant)$|^(?:date|dateTime|issued|authored|authoredOn|created|creation|sent|received|start|end|lastUpdated|dateAsserted|time)$/;
const TITLE_CHARS = 120;

function titleOf(type: string, resource: ExactObject): string {
  const word = resourceWord(type);
  const medication = resource.medicationCodeableConcept ?? resource.medicationReference;
  const attachment = asObject(asObject(asArray(resource.content)[0])?.attachment);
  const candidates = [
    resource.code,
    medication,
    resource.title,
    resource.type,
    attachment?.title,
    resource.topic,
    resource.description,
  ];
  for (const candidate of candidates) {
    const words = shortWords(candidate);
    if (words === undefined) continue;
    const value = type === 'Observation' ? shortWords(resource.valueQuantity) : undefined;
    const title = `${word}: ${words}${value === undefined ? '' : ` ${value}`}`;
    return title.length > TITLE_CHARS ? `${title.slice(0, TITLE_CHARS - 1).toWellFormed()}…` : title;
  }
  return word;
}

/** The words of a concept alone, or the line of another value. */
function shortWords(value: ExactValue | undefined): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  const object = asObject(value);
  if (object === undefined) return undefined;
  const coding = asObject(asArray(object.coding)[0]);
  const words = asString(object.text) ?? asString(coding?.display) ?? lineOf('', object)?.text;
  return words === '' ? undefined : words;
}

const OPERATIONS: Readonly<Record<string, string>> = {
  add: 'Put in place',
  replace: 'Replace',
  remove: 'Remove',
  move: 'Move',
  copy: 'Copy',
  test: 'Only if it is',
};

class Reader {
  private readonly fields: ReadableField[] = [];
  private readonly texts: ReadableText[] = [];

  result(title: string): Readable {
    return { title, fields: this.fields, texts: this.texts, problem: null };
  }

  /** Every member of an object below `path`; `under`: the labels above it. */
  members(path: string, object: ExactObject, under: readonly string[], part?: ReadablePart): void {
    for (const [name, value] of Object.entries(object)) {
      if (value !== undefined) this.element(`${path}.${name}`, name, value, under, part);
    }
  }

  /** One operation of a JSON Patch: what it does and to what, then the value as it would stand there. */
  operation(resourceType: string, value: ExactValue, at: number): void {
    const operation = asObject(value) ?? {};
    const { op, path: pointer, value: content, ...rest } = operation;
    const verb = typeof op === 'string' && Object.hasOwn(OPERATIONS, op) ? OPERATIONS[op] : undefined;
    if (verb === undefined || typeof pointer !== 'string') {
      this.element(`[${at}]`, `[${at}]`, value, ['Change']);
      return;
    }
    const path = `${resourceType}${fhirPath(pointer)}`;
    const name = pointer.split('/').findLast((step) => step !== '' && step !== '-' && !/^\d+$/.test(step));
    if (content === undefined) this.add(path, name ?? '', pointer, [verb], 'clinical');
    else this.element(path, name ?? '', content, [verb]);
    this.members(`[${at}]`, rest, [verb]);
  }

  private element(path: string, name: string, value: ExactValue, under: readonly string[], part?: ReadablePart): void {
    if (Array.isArray(value)) {
      const all = asArray(value);
      if (all.length === 0) this.add(path, name, '(empty list)', under, part);
      for (const [at, one] of all.entries()) this.value(`${path}[${at}]`, name, one, under, part, all.length > 1 ? at + 1 : null);
      return;
    }
    this.value(path, name, value, under, part, null);
  }

  private value(
    path: string,
    name: string,
    value: ExactValue,
    under: readonly string[],
    part: ReadablePart | undefined,
    place: number | null,
  ): void {
    const object = asObject(value);
    if (object !== undefined) this.object(path, name, object, under, part, place);
    else if (Array.isArray(value)) this.element(path, name, value, under, part);
    else if (name === 'contentString') this.text(path, 'Message', value, under);
    else this.add(path, name, primitive(name, value), under, part, place);
  }

  private object(
    path: string,
    name: string,
    object: ExactObject,
    under: readonly string[],
    part: ReadablePart | undefined,
    place: number | null,
  ): void {
    const own = part ?? labelOf(name)?.[1];
    if (Object.keys(object).length === 0) {
      this.add(path, name, '(empty)', under, own, place);
      return;
    }
    if (typeof object.div === 'string') {
      this.narrative(path, object, under);
      return;
    }
    if (typeof object.data === 'string') {
      this.attachment(path, name, object, under);
      return;
    }
    // A part of a measurement, a question or a section is called by what it is about.
    const { about, rest } = aboutOf(name, object);
    const label = about ?? numbered(labelFor(path, name), place);
    const line = about === undefined && !NESTING.has(name) ? lineOf(choiceOf(name)[0], rest) : undefined;
    if (line === undefined) {
      this.members(path, rest, [...under, label], name === 'meta' ? 'record' : undefined);
      return;
    }
    if (line.text !== '') this.add(path, name, line.text, under, own, place);
    for (const one of line.left) this.element(`${path}${one.path}`, one.name, one.value, [...under, label], own);
  }

  private narrative(path: string, { div, ...rest }: ExactObject, under: readonly string[]): void {
    const { text, exact } = narrativeText(asString(div) ?? '');
    this.text(`${path}.div`, under.at(-1) ?? 'Narrative', text, under.slice(0, -1));
    if (!exact) this.text(`${path}.div`, 'The same as it is marked up', div ?? '', under);
    this.members(path, rest, [...under, 'Narrative'], 'record');
  }

  private attachment(path: string, name: string, { data, title, ...rest }: ExactObject, under: readonly string[]): void {
    const content = asString(data) ?? '';
    const read = attachmentText(content, asString(rest.contentType));
    const label = asString(title) ?? labelFor(path, name);
    if (read.text !== null) this.text(`${path}.data`, label, read.text, []);
    else this.add(`${path}.data`, name, read.words, under, 'clinical');
    if (title !== undefined) this.element(`${path}.title`, 'title', title, []);
    this.members(path, rest, [labelFor(path, name)], 'record');
  }

  private text(path: string, label: string, value: ExactValue, under: readonly string[]): void {
    this.texts.push({
      path,
      label: [...under, label].join(' › '),
      text: typeof value === 'string' ? value : primitive('', value),
    });
  }

  private add(
    path: string,
    name: string,
    value: string,
    under: readonly string[],
    part: ReadablePart = labelOf(name)?.[1] ?? 'record',
    place: number | null = null,
  ): void {
    const label = [...under, numbered(labelFor(path, name), place)].join(' › ');
    this.fields.push({ path, label, value, part });
  }
}

/** Elements with elements of their own that look like a data type and are none. */
const NESTING = new Set(['dosage', 'dosageInstruction', 'meta', 'activity', 'detail', 'payload', 'content', 'relatesTo']);

/** Elements that say in one of their members what they are about, and that member. */
const ABOUT: Readonly<Record<string, string>> = { component: 'code', item: 'text', section: 'title' };

function aboutOf(name: string, object: ExactObject): { readonly about?: string; readonly rest: ExactObject } {
  const member = Object.hasOwn(ABOUT, name) ? ABOUT[name] : undefined;
  if (member === undefined) return { rest: object };
  const { [member]: value, ...rest } = object;
  if (typeof value === 'string' && value !== '') return { about: value, rest };
  const concept = asObject(value);
  const line = concept === undefined ? undefined : lineOf(member, concept);
  return line === undefined || line.text === '' || line.left.length > 0 ? { rest: object } : { about: line.text, rest };
}

function labelFor(path: string, name: string): string {
  return labelOf(name)?.[0] ?? path;
}

function numbered(label: string, place: number | null): string {
  return place === null ? label : `${label} ${place}`;
}

function primitive(name: string, value: ExactValue): string {
  if (value instanceof Decimal) return value.text;
  if (typeof value === 'string') return value === '' ? '(empty)' : MOMENTS.test(name) ? momentWords(value) : value;
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  return '(null)';
}

/** A JSON Pointer (RFC 6901) as a path. */
function fhirPath(pointer: string): string {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => (/^(?:\d+|-)$/.test(step) ? `[${step}]` : `.${step.replaceAll('~1', '/').replaceAll('~0', '~')}`))
    .join('');
}
