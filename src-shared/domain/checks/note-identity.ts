import { epochMs } from '../time.ts';
import { spanOf, stemOf } from './text.ts';
import type { NoteContext, NoteFinding, ReadPart } from './note.ts';

/** Age, sex and name in the note against the patient of the event and the visit that was heard (F2). */

export interface Person {
  readonly family: string | null;
  readonly given: readonly string[];
  readonly birthDate: string | null;
  readonly gender: string | null;
  /** When the visit took place, as an ISO instant. */
  readonly at: string;
}

const RULE = 'note-other-patient';

export function otherPatient(context: NoteContext, person: Person): readonly NoteFinding[] {
  return context.parts.flatMap((part) => [
    ...ageDiffers(context, part, person),
    ...nameDiffers(context, part, person),
    ...sexDiffers(context, part, person),
  ]);
}

function found(part: ReadPart, from: number, to: number, message: string): NoteFinding {
  return { rule: RULE, severity: 'review', path: part.path, span: spanOf(part.tokens, from, to), message };
}

function ageDiffers(context: NoteContext, part: ReadPart, person: Person): readonly NoteFinding[] {
  const heard = context.evidence.heard;
  const findings: NoteFinding[] = [];
  for (const [at, token] of part.tokens.entries()) {
    const words = part.tokens.slice(at + 1, at + 5).map((one) => one.text);
    const says =
      /^\d{1,3}$/.test(token.text) &&
      (/^years? old/.test(words.join(' ')) || words[0] === 'yo' || words.slice(0, 2).join(' ') === 'y o');
    if (!says || relative(part, at)) continue;
    const age = Number(token.text);
    if (heard !== null && (heard.byNumber.get(String(age)) ?? []).length > 0) continue;
    const own = person.birthDate === null || person.birthDate.length < 10 ? null : yearsBetween(person.birthDate, person.at);
    if (own === null || Math.abs(own - age) <= 1) continue;
    findings.push(found(part, at, at + 3, `The note says ${age} years; the patient of this event is ${own}.`));
    break;
  }
  return findings;
}

/** "His 12-year-old son" is not the patient. */
function relative(part: ReadPart, at: number): boolean {
  return part.tokens.slice(Math.max(0, at - 3), at + 8).some((token) => RELATIVES.has(token.stem));
}

const RELATIVES = new Set(
  [
    'son',
    'daughter',
    'mother',
    'father',
    'brother',
    'sister',
    'wife',
    'husband',
    'grandson',
    'granddaughter',
    'niece',
    'nephew',
    'child',
    'children',
    'partner',
    'friend',
  ].map(stemOf),
);
const YEAR_MS = 365.2425 * 24 * 3600 * 1000;

/** Whole years from a birth date to a moment. */
export function yearsBetween(birthDate: string, at: string): number {
  return Math.floor((epochMs(at) - epochMs(birthDate)) / YEAR_MS);
}

function nameDiffers(context: NoteContext, part: ReadPart, person: Person): readonly NoteFinding[] {
  if (person.family === null || person.family === '') return [];
  const family = person.family.toLowerCase();
  const heard = context.evidence.heard;
  // A visit that never names the patient cannot tell whose name is right.
  if (heard !== null && !heard.tokens.some((token) => token.text === family)) return [];
  for (const match of part.text.matchAll(/\b(?:Mr|Mrs|Ms|Miss)\.?\s+(?:\p{Lu}\p{L}+\s+)?(\p{Lu}[\p{L}'-]+)/gu)) {
    const name = (match[1] ?? '').toLowerCase().replace(/'s$/, '');
    if (name === family || person.given.some((given) => given.toLowerCase() === name)) continue;
    if (heard?.tokens.some((token) => token.text === name) === true) continue;
    return [
      {
        rule: RULE,
        severity: 'review',
        path: part.path,
        span: { start: match.index, end: match.index + match[0].length },
        message: `The note names "${match[0]}"; the patient of this event has another name.`,
      },
    ];
  }
  return [];
}

function sexDiffers(context: NoteContext, part: ReadPart, person: Person): readonly NoteFinding[] {
  if (person.gender !== 'male' && person.gender !== 'female') return [];
  const heard = context.evidence.heard;
  const against = person.gender === 'male' ? ['female', 'woman'] : ['male', 'man'];
  for (const [at, token] of part.tokens.entries()) {
    if (!against.includes(token.text) || part.tokens[at - 1]?.text !== 'old' || relative(part, at)) continue;
    // The visit itself may say so: then the note is true to it.
    if (heard !== null && !heard.byStem.has(stemOf(person.gender))) continue;
    if (heard?.byStem.has(token.stem) === true) continue;
    return [found(part, at, at + 1, `The note says "${token.text}"; the patient of this event is ${person.gender}.`)];
  }
  return [];
}
