import { spanOf, stemOf, isNumber } from './text.ts';
import { plain } from './numbers.ts';
import { sentenceAt, words, type NoteContext, type NoteFinding } from './note.ts';

/** Measured numbers and dates of the note against those that were spoken (F2). */

// Measures whose value is mostly said aloud; what stands only in the chart is not a slip.
const MEASURES = [
  'ejection fraction',
  'a1c',
  'hemoglobin a1c',
  'blood pressure',
  'heart rate',
  'oxygen saturation',
  'creatinine',
  'ldl',
  'potassium',
  'hemoglobin',
  'glucose',
  'psa',
  'tsh',
  'cholesterol',
  'temperature',
  'respiratory rate',
].map((name) => name.split(' ').map(stemOf));
const MEASURES_BEGIN = new Set(MEASURES.map(([first]) => first));
const NEAR = 6;
const AFTER = 8;

/** A value of a measure that was spoken of with other numbers. */
export function numbersDiffer(context: NoteContext): readonly NoteFinding[] {
  const { heard, chart } = context.evidence;
  if (heard === null) return [];
  const findings: NoteFinding[] = [];
  for (const part of context.parts) {
    for (const [at, token] of part.tokens.entries()) {
      if (!MEASURES_BEGIN.has(token.stem)) continue;
      const measure = MEASURES.find((stems) => stems.every((stem, offset) => part.tokens[at + offset]?.stem === stem));
      if (measure === undefined || part.tokens[at - 1]?.stem === measure[0]) continue;
      const places = (heard.byStem.get(token.stem) ?? []).filter((place) =>
        measure.every((stem, offset) => heard.tokens[place + offset]?.stem === stem),
      );
      if (places.length === 0) continue;
      const [, to] = sentenceAt(part, at);
      const number = part.tokens.slice(at + measure.length, Math.min(to, at + measure.length + AFTER)).findIndex(isNumber);
      const place = at + measure.length + number;
      const value = part.tokens[place];
      if (number < 0 || value === undefined || isDate(part.text, value.start)) continue;
      const text = plain(value.text);
      if (heard.byNumber.has(text) || chart?.byNumber.has(text) === true) continue;
      const said = heard.numbers.filter(
        (one) => one.value.length > 1 && places.some((heardAt) => Math.abs(heardAt - one.from) <= NEAR),
      );
      const [first] = said;
      if (first === undefined) continue;
      findings.push({
        rule: 'note-number-differs',
        severity: 'review',
        path: part.path,
        span: spanOf(part.tokens, place, place + 1),
        transcriptSpan: spanOf(heard.tokens, first.from, first.to),
        message: `The note gives "${words(part, at, place + 1)}"; that number was not said, others were.`,
      });
    }
  }
  return findings;
}

function isDate(text: string, at: number): boolean {
  return /^\d{1,2}\/\d{1,2}\/\d{2,4}|^(?:19|20)\d{2}/.test(text.slice(at, at + 10));
}

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

/** A full date of which neither month, day nor year was said, while the visit does name dates. */
export function datesNotHeard(context: NoteContext): readonly NoteFinding[] {
  const { heard, chart } = context.evidence;
  if (heard === null || !MONTHS.some((month) => month !== 'may' && heard.byStem.has(stemOf(month)))) return [];
  return context.parts.flatMap((part) =>
    [...part.text.matchAll(/(?<![\d/])(\d{1,2})\/(\d{1,2})\/(\d{4})(?![\d/])/g)].flatMap((match): readonly NoteFinding[] => {
      const month = MONTHS[Number(match[1]) - 1];
      const day = plain(match[2] ?? '');
      const known =
        month === undefined ||
        heard.byStem.has(stemOf(month)) ||
        heard.byNumber.has(day) ||
        heard.text.includes(match[0]) ||
        chart?.text.includes(match[0]) === true;
      if (known) return [];
      return [
        {
          rule: 'note-date-not-heard',
          severity: 'review',
          path: part.path,
          span: { start: match.index, end: match.index + match[0].length },
          message: `The note gives the date ${match[0]}; neither its month nor its day was spoken of.`,
        },
      ];
    }),
  );
}
