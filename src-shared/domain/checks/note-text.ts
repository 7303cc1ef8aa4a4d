import { spanOf, stemOf } from './text.ts';
import type { NoteContext, NoteFinding, NotePart } from './note.ts';
import type { TextPattern } from './compiled.ts';

/** What the text itself shows, without any evidence: unsafe abbreviations, leftovers of templates, cut sentences (F2). */

/** Abbreviations and number forms of the Joint Commission's list. */
export function unsafeAbbreviations(
  parts: readonly NotePart[],
  patterns: readonly (TextPattern & { readonly write: string })[],
): readonly NoteFinding[] {
  return matches(
    parts,
    patterns,
    'note-unsafe-abbreviation',
    (text, pattern) => `"${text}" is on the list of abbreviations not to use (${pattern.rule}); write ${pattern.write}.`,
  );
}

export function leftoverText(parts: readonly NotePart[], patterns: readonly TextPattern[]): readonly NoteFinding[] {
  return matches(
    parts,
    patterns,
    'note-leftover-text',
    (text, pattern) => `"${text}" looks left over from a template or an assistant (${pattern.rule}).`,
  );
}

const SHOWN_CHARS = 60;

function matches<P extends TextPattern>(
  parts: readonly NotePart[],
  patterns: readonly P[],
  rule: string,
  say: (text: string, pattern: P) => string,
): readonly NoteFinding[] {
  return parts.flatMap((part) =>
    patterns.flatMap((pattern) =>
      [...part.text.matchAll(pattern.expression)].map((match): NoteFinding => ({
        rule,
        severity: 'review',
        path: part.path,
        span: { start: match.index, end: match.index + match[0].length },
        message: say(match[0].trim().slice(0, SHOWN_CHARS), pattern),
      })),
    ),
  );
}

// A sentence in lower case in a note that begins its sentences with capitals: what stood before it may have been cut.
const CUT = /(?:(?<=[a-z\d)]{2}[.!?] {1,2})|(?<=\n))(?!mg\b|mcg\b|ml\b|cm\b|mm\b|pm\b|am\b)[a-z]{2,}(?= [a-z])/g;
const CAPITAL_START = /(?:[.!?] {1,2}|\n)[A-Z]/g;
const LOWER_SHARE_MAX = 0.2;

export function cutSentences(context: NoteContext): readonly NoteFinding[] {
  return context.parts.flatMap((part) => {
    const cuts = [...part.text.matchAll(CUT)];
    const capitals = [...part.text.matchAll(CAPITAL_START)].length;
    if (cuts.length === 0 || cuts.length > LOWER_SHARE_MAX * capitals) return [];
    const more = cuts.length === 1 ? '' : `; ${cuts.length - 1} more like it`;
    return cuts.slice(0, 1).map((match): NoteFinding => ({
      rule: 'note-text-cut',
      severity: 'review',
      path: part.path,
      span: { start: match.index, end: match.index + match[0].length },
      message: `A sentence begins in lower case with "${match[0]}"; words before it may be missing${more}.`,
    }));
  });
}

// Unseen, or turning the order of what is read: control characters besides tab and line ends, soft hyphen, marks of
// direction, joiners, fillers, the tags of U+E0000.
const INVISIBLE =
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u061C\u115F\u1160\u180E\u200B-\u200F\u202A-\u202E\u2060-\u2069\u3164\uFEFF\uFFA0\u{E0000}-\u{E007F}]/gu;
const WORDS = /[\p{L}\p{M}]{2,}/gu;
const MARKS = /\p{M}{4,}/gu;

/** Unseen and order-turning characters, words of mixed scripts, piles of marks (Unicode TR 36 and 39). */
export function hiddenCharacters(parts: readonly NotePart[]): readonly NoteFinding[] {
  return parts.flatMap((part) => {
    const found: NoteFinding[] = [];
    const add = (rule: string, start: number, end: number, message: string): void => {
      found.push({ rule, severity: 'review', path: part.path, span: { start, end }, message });
    };
    for (const match of part.text.matchAll(INVISIBLE)) {
      const code = (match[0].codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0');
      add(
        'text-invisible-character',
        match.index,
        match.index + match[0].length,
        `The character U+${code} is not seen and can change what is read.`,
      );
    }
    for (const match of part.text.matchAll(WORDS)) {
      if (!isMixed(match[0])) continue;
      add(
        'text-mixed-script',
        match.index,
        match.index + match[0].length,
        `"${match[0]}" mixes letters of several scripts that look alike.`,
      );
    }
    for (const match of part.text.matchAll(MARKS))
      add('text-piled-marks', match.index, match.index + match[0].length, 'Marks are piled on one letter.');
    return found;
  });
}

// Greek letters are written as symbols beside Latin units ("\u03bcg", "\u03b1-blocker"): a single one is not a disguise.
function isMixed(word: string): boolean {
  const latin = /\p{Script=Latin}/u.test(word);
  if (latin && /\p{Script=Cyrillic}|\p{Script=Armenian}|\p{Script=Cherokee}/u.test(word)) return true;
  return latin && (word.match(/\p{Script=Greek}/gu)?.length ?? 0) > 1;
}

/** Sentences in a row of which hardly a word was spoken, chart or visit: text of another patient or another visit. */
export function foreignSentences(context: NoteContext): readonly NoteFinding[] {
  const { heard, chart, draft } = context.evidence;
  if (heard === null) return [];
  const findings: NoteFinding[] = [];
  for (const part of context.parts) {
    let before: number | null = null;
    for (const [from, to] of part.sentences) {
      const tokens = part.tokens.slice(from, to);
      const stems = [
        ...new Set(
          tokens.filter((token) => /^\p{L}{5,}$/u.test(token.text) && !ROUTINE.has(token.stem)).map((token) => token.stem),
        ),
      ];
      if (stems.length < FOREIGN_WORDS_MIN) continue;
      const known = stems.filter(
        (stem) => heard.byStem.has(stem) || heard.roots.has(stem.slice(0, 5)) || chart?.byStem.has(stem) === true,
      );
      const drafted = draft !== null && stems.filter((stem) => draft.byStem.has(stem)).length < stems.length / 2;
      const foreign = !drafted && known.length <= stems.length * FOREIGN_KNOWN_MAX;
      if (foreign && (before !== null || known.length === 0)) {
        findings.push({
          rule: 'note-foreign-text',
          severity: 'review',
          path: part.path,
          span: spanOf(part.tokens, before ?? from, to),
          message: 'Hardly a word of this was spoken in the visit; it may belong to another patient or visit.',
        });
        before = null;
      } else before = foreign ? from : null;
    }
  }
  return findings;
}

// What every note says in its own way, whatever was said in the room.
const ROUTINE = new Set(
  `patient discussed discussion discuss treatment options option diagnosis recommend recommended recommendation recommendations reviewed reviewing review understands understand agrees
  agreement agreements medical plan education counseling counseled advised reports reported states stated denies symptoms examination findings lengthy regard regarding importance encouraged
  questions answered verbalized understanding proceed continue today follow concerns contact consent risks benefits procedure including further evaluation presents history pleasant clinic`
    .split(/\s+/)
    .map(stemOf),
);
const FOREIGN_WORDS_MIN = 5;
const FOREIGN_KNOWN_MAX = 0.3;
