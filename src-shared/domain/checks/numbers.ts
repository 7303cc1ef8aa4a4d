import { isNumber, type Token } from './text.ts';

/** Numbers in written and spoken words ("one twenty over eighty", "twelve point five", "five hundred"). */

export interface NumberMention {
  /** Plain decimal text without trailing zeros, so that 20 and 20.0 compare equal. */
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

const UNITS =
  'zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen'.split(
    ' ',
  );
const TENS = 'twenty thirty forty fifty sixty seventy eighty ninety'.split(' ');
const ORDINALS: Readonly<Record<string, number>> = {
  first: 1,
  second: 2,
  third: 3,
  fourth: 4,
  fifth: 5,
  sixth: 6,
  seventh: 7,
  eighth: 8,
  ninth: 9,
  tenth: 10,
  eleventh: 11,
  twelfth: 12,
  thirteenth: 13,
  fourteenth: 14,
  fifteenth: 15,
  sixteenth: 16,
  seventeenth: 17,
  eighteenth: 18,
  nineteenth: 19,
  twentieth: 20,
  thirtieth: 30,
  once: 1,
  twice: 2,
  half: 0.5,
  couple: 2,
  dozen: 12,
};
const WORDS = new Map<string, number>([
  ...UNITS.map((word, value): [string, number] => [word, value]),
  ...TENS.map((word, at): [string, number] => [word, (at + 2) * 10]),
  ...Object.entries(ORDINALS),
  ['oh', 0],
  ['hundred', 100],
  ['thousand', 1000],
]);
const LINKS = new Set(['and', 'point', 'a', 'over']);
const RUN_MAX = 7;

/** All numbers that a text can be heard to say, with every reading of a run of number words. */
export function numbersIn(tokens: readonly Token[]): readonly NumberMention[] {
  const found: NumberMention[] = [];
  for (let from = 0; from < tokens.length; from += 1) {
    const first = tokens[from];
    if (first === undefined) continue;
    if (isNumber(first)) {
      found.push({ value: plain(first.text), from, to: from + 1 });
      const half = tokens.slice(from + 1, from + 4).map((token) => token.text);
      if (half.join(' ') === 'and a half') found.push({ value: plain(String(Number(first.text) + 0.5)), from, to: from + 4 });
    }
    if (!WORDS.has(first.text) && first.text !== 'point' && !isNumber(first)) continue;
    for (let to = from + 1; to <= Math.min(tokens.length, from + RUN_MAX); to += 1) {
      const last = tokens[to - 1];
      if (last === undefined || !(WORDS.has(last.text) || LINKS.has(last.text) || isNumber(last))) break;
      const value = readingOf(tokens.slice(from, to).map((token) => token.text));
      if (value !== null && !(to === from + 1 && isNumber(first))) found.push({ value, from, to });
      const decimal = value === null ? null : pausedDecimal(tokens, value, to);
      if (decimal !== null) found.push({ value: decimal, from, to: to + 2 });
    }
  }
  return found;
}

/** "Ninety eight . seven": recorders write the spoken "point" of a temperature as the end of a sentence. */
function pausedDecimal(tokens: readonly Token[], whole: string, at: number): string | null {
  const digit = tokens[at]?.text === '.' ? (tokens[at + 1]?.text ?? '') : '';
  const value = /^\d$/.test(digit) ? digit : digitOf(digit);
  return value === null || whole.length !== 2 ? null : plain(`${whole}.${value}`);
}

/** Decimal text without a sign, leading or trailing zeros. */
export function plain(text: string): string {
  const value = text.includes('.') ? text.replace(/0+$/, '').replace(/\.$/, '') : text;
  return value.replace(/^0+(?=\d)/, '');
}

function readingOf(words: readonly string[]): string | null {
  const point = words.indexOf('point');
  if (point >= 0) {
    const whole = point === 0 ? '0' : readingOf(words.slice(0, point));
    const digits = words.slice(point + 1).map((word) => (/^\d$/.test(word) ? word : digitOf(word)));
    if (whole === null || digits.length === 0 || digits.some((digit) => digit === null)) {
      const tail = words.slice(point + 1);
      const rest = tail.length === 0 ? null : readingOf(tail);
      return whole === null || rest === null || rest.includes('.') ? null : plain(`${whole}.${rest}`);
    }
    return plain(`${whole}.${digits.join('')}`);
  }
  if (words.length > 3 && words.slice(-3).join(' ') === 'and a half') {
    const whole = readingOf(words.slice(0, -3));
    return whole === null ? null : plain(`${whole}.5`);
  }
  return spoken(words);
}

function digitOf(word: string): string | null {
  const value = WORDS.get(word);
  return value !== undefined && value >= 0 && value <= 9 && Number.isInteger(value) ? String(value) : null;
}

/** Sums and joins: "two hundred and fifty" is 250, "two fifty" is 250, "nineteen eighty" is 1980. */
function spoken(words: readonly string[]): string | null {
  let total = 0;
  let group = 0;
  let used = false;
  for (const word of words) {
    if (word === 'and' || word === 'a') {
      if (!used) return null;
      continue;
    }
    if (word === 'over') return null;
    const value = WORDS.get(word) ?? (/^\d+$/.test(word) ? Number(word) : undefined);
    if (value === undefined) return null;
    if (word === 'hundred') group = (group === 0 ? 1 : group) * 100;
    else if (word === 'thousand') {
      total += (group === 0 ? 1 : group) * 1000;
      group = 0;
    } else if (!used || group === 0) group += value;
    else if (group % 100 === 0 && group >= 100 && value < 100) group += value;
    else if (group % 10 === 0 && group % 100 >= 20 && value < 10) group += value;
    else if (value >= 10 && value < 100 && group < 100) group = group * 100 + value;
    else if (value < 10 && group < 1000) group = group * 10 + value;
    else return null;
    used = true;
  }
  return used ? String(total + group) : null;
}
