import type { z } from 'zod';
import type { drugRules, findingRules } from './rules.ts';
import { stemOf, tokenize, type Token } from './text.ts';

/** Clinical words found in a text, whichever of their names is used. */

export type ConceptKind = 'symptom' | 'diagnosis' | 'procedure' | 'site' | 'drug' | 'drug-group';

export interface Concept {
  readonly kind: ConceptKind;
  readonly name: string;
}

export interface Mention extends Concept {
  readonly from: number;
  readonly to: number;
}

export function conceptKey(concept: { readonly kind: string; readonly name: string }): string {
  return `${concept.kind} ${concept.name}`;
}

interface Term {
  readonly stems: readonly string[];
  readonly concepts: readonly Concept[];
}

export class Lexicon {
  private readonly byFirst = new Map<string, Term[]>();
  /** Names of the groups that a drug belongs to. */
  readonly groupsOf = new Map<string, ReadonlySet<string>>();
  private readonly sameWords = new Map<string, string>();

  constructor(drugs: z.infer<typeof drugRules>, findings: z.infer<typeof findingRules>) {
    const terms = new Map<string, { stems: readonly string[]; concepts: Concept[] }>();
    const add = (kind: ConceptKind, name: string, word: string): void => {
      const stems = tokenize(word)
        .filter((token) => !OWNERS.has(token.text))
        .map((token) => token.stem);
      const key = stems.join(' ');
      const term = terms.get(key) ?? { stems, concepts: [] };
      if (!term.concepts.some((one) => one.kind === kind && one.name === name)) term.concepts.push({ kind, name });
      terms.set(key, term);
    };
    const each = (kind: ConceptKind, rows: readonly (readonly string[])[]): void => {
      for (const row of rows) for (const word of row) add(kind, row[0] ?? word, word);
    };
    each('symptom', findings.symptoms);
    each('diagnosis', findings.diagnoses);
    each('procedure', findings.procedures);
    each('site', findings.sites);
    for (const row of findings.words) for (const word of row) this.sameWords.set(stemOf(word), row[0] ?? word);
    for (const { group, said, drugs: members } of drugs.groups) {
      for (const word of said) add('drug-group', group, word);
      for (const [generic, brands] of Object.entries(members)) {
        for (const word of [generic, ...brands]) add('drug', generic, word);
        this.groupsOf.set(generic, new Set([...(this.groupsOf.get(generic) ?? []), group]));
      }
    }
    for (const term of terms.values()) {
      const first = term.stems[0] ?? '';
      this.byFirst.set(first, [...(this.byFirst.get(first) ?? []), term]);
    }
    for (const list of this.byFirst.values()) list.sort((left, right) => right.stems.length - left.stems.length);
  }

  /** All concepts named in the text, the longest name at each place; one place may name several. */
  mentions(tokens: readonly Token[]): readonly Mention[] {
    const found: Mention[] = [];
    let at = 0;
    while (at < tokens.length) {
      const term = this.termAt(tokens, at);
      if (term === undefined) {
        at += 1;
        continue;
      }
      const to = endOf(tokens, at, term.stems) ?? at + 1;
      for (const concept of term.concepts) found.push({ ...concept, from: at, to });
      // A site inside a longer name counts too: "knee pain" names the knee.
      for (let inner = at; term.stems.length > 1 && inner < to; inner += 1) {
        const single = this.byFirst.get(tokens[inner]?.stem ?? '')?.find((one) => one.stems.length === 1);
        for (const concept of single?.concepts ?? [])
          if (concept.kind === 'site') found.push({ ...concept, from: inner, to: inner + 1 });
      }
      at = to;
    }
    return found;
  }

  /** One name for the words that say the same thing, and for the forms of a word ("exercise", "exercising"). */
  wordOf(stem: string): string {
    return this.sameWords.get(stem) ?? stem.slice(0, WORD_LETTERS);
  }

  /** Whether a single word names a drug. */
  isDrugWord(word: string): boolean {
    const stem = stemOf(word);
    return (
      this.byFirst.get(stem)?.some((term) => term.stems.length === 1 && term.concepts.some((one) => one.kind === 'drug')) === true
    );
  }

  private termAt(tokens: readonly Token[], at: number): Term | undefined {
    return this.byFirst.get(tokens[at]?.stem ?? '')?.find((term) => endOf(tokens, at, term.stems) !== null);
  }
}

/** Letters by which the forms of a word are taken to be one. */
const WORD_LETTERS = 6;

// "Blood in his urine" and "blood in the urine" are one name.
const OWNERS = new Set(['my', 'your', 'his', 'her', 'their', 'our', 'its', 'the', 's']);

/** Where a name that begins at a token ends, owners between its words passed over; `null` when it is not there. */
function endOf(tokens: readonly Token[], at: number, stems: readonly string[]): number | null {
  let place = at;
  for (const stem of stems) {
    while (place > at && OWNERS.has(tokens[place]?.text ?? '')) place += 1;
    if (tokens[place]?.stem !== stem) return null;
    place += 1;
  }
  return place;
}

/** Words that tell one place of the body from another, whatever is found there. */
export const placeWords = [
  'left',
  'right',
  'medial',
  'lateral',
  'anterior',
  'posterior',
  'proximal',
  'distal',
  'upper',
  'lower',
  'inner',
  'outer',
  'midline',
] as const;
