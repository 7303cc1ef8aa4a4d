/**
 * Makes text from outside show all it holds. Characters that cannot be seen, or that turn the order of others around,
 * can make a text read differently from what it is (Unicode TR 36, TR 39); they become marks.
 */

export type TextPart =
  { readonly kind: 'text'; readonly text: string } | { readonly kind: 'mark'; readonly label: string; readonly title: string };

/** Controls, format and ignorable characters, foreign line ends, private use and halves of surrogate pairs; not line feed and tab. */
const INVISIBLE = /(?![\n\t])(?:\r(?!\n)|(?!\r)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}\p{Default_Ignorable_Code_Point}])/u;

const names: Readonly<Record<number, string>> = {
  0x00: 'null',
  0x08: 'backspace',
  0x0d: 'carriage return',
  0x1b: 'escape',
  0xad: 'soft hyphen',
  0x61c: 'Arabic letter mark',
  0x200b: 'zero width space',
  0x200c: 'zero width non-joiner',
  0x200d: 'zero width joiner',
  0x200e: 'left-to-right mark',
  0x200f: 'right-to-left mark',
  0x2028: 'line separator',
  0x2029: 'paragraph separator',
  0x202a: 'left-to-right embedding',
  0x202b: 'right-to-left embedding',
  0x202c: 'pop directional formatting',
  0x202d: 'left-to-right override',
  0x202e: 'right-to-left override',
  0x2060: 'word joiner',
  0x2066: 'left-to-right isolate',
  0x2067: 'right-to-left isolate',
  0x2068: 'first strong isolate',
  0x2069: 'pop directional isolate',
  0xfeff: 'byte order mark',
};

/** Marks become plain text in brackets beyond this many, so that a text made of nothing else stays cheap to show. */
export const MARKS_MAX = 500;

function markOf(character: string, times: number): { label: string; title: string } {
  const code = character.codePointAt(0) ?? 0;
  const label = `U+${code.toString(16).toUpperCase().padStart(4, '0')}${times > 1 ? ` ×${String(times)}` : ''}`;
  return { label, title: `Invisible character: ${names[code] ?? 'no name known here'} (${label})` };
}

/** True when a text holds a character that would not be seen. */
export function hasInvisible(text: string): boolean {
  return INVISIBLE.test(text);
}

/** The text in parts: what can be shown as it stands, and a mark for each run of the same invisible character. */
export function visibleParts(text: string): readonly TextPart[] {
  if (!hasInvisible(text)) return text === '' ? [] : [{ kind: 'text', text }];
  const runs = new RegExp(`(${INVISIBLE.source})\\1*`, 'gu');
  const parts: TextPart[] = [];
  let plain = '';
  let marks = 0;
  let from = 0;
  for (const match of text.matchAll(runs)) {
    const [run, first = ''] = match;
    plain += text.slice(from, match.index);
    from = match.index + run.length;
    const { label, title } = markOf(first, run.length / first.length);
    marks += 1;
    if (marks > MARKS_MAX) {
      plain += `[${label}]`;
    } else {
      if (plain !== '') parts.push({ kind: 'text', text: plain });
      plain = '';
      parts.push({ kind: 'mark', label, title });
    }
  }
  plain += text.slice(from);
  if (plain !== '') parts.push({ kind: 'text', text: plain });
  return parts;
}

/** The text with every mark in brackets, for places that take nothing but text: titles and labels. */
export function visibleString(text: string): string {
  return visibleParts(text)
    .map((part) => (part.kind === 'text' ? part.text : `[${part.label}]`))
    .join('');
}

/** At most this many characters, cut between whole characters, with what was left out said. */
export function shortened(text: string, max: number): string {
  if (text.length <= max) return text;
  const cut = text.slice(0, max).replace(/[\uD800-\uDBFF]$/, '');
  return `${cut}… (${(text.length - cut.length).toLocaleString()} more characters)`;
}
