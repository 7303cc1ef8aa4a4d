import { conceptKey } from './lexicon.ts';
import type { Heard } from './transcript.ts';
import { plain, type NumberMention } from './numbers.ts';
import { mentionsIn, sentenceAt, words, type NoteContext, type NoteFinding, type ReadPart } from './note.ts';
import { editDistance, isNumber, isWord, spanOf, type Token } from './text.ts';
import type { Lexicon, Mention } from './lexicon.ts';

/** Drugs and doses of the note that nobody said and that nothing else supports (F2). */

/** Drugs named in the note but neither heard, nor in the chart, nor added by the clinician. */
export function drugsNotHeard(context: NoteContext): readonly NoteFinding[] {
  const { heard } = context.evidence;
  if (heard === null) return [];
  const findings: NoteFinding[] = [];
  const seen = new Set<string>();
  for (const part of context.parts) {
    for (const mention of drugMentions(part, context.lexicon)) {
      const written = words(part, mention.from, mention.to);
      const key = `${mention.name} ${written.toLowerCase()}`;
      if (seen.has(key)) continue;
      seen.add(key);
      if (drugSupported(context, mention, written)) continue;
      findings.push({
        rule: 'note-drug-not-heard',
        severity: 'review',
        path: part.path,
        span: spanOf(part.tokens, mention.from, mention.to),
        message: `The note names "${written}"; neither the transcript nor the chart does.`,
      });
    }
  }
  return findings;
}

function drugSupported(context: NoteContext, mention: Mention, written: string): boolean {
  const { heard, chart } = context.evidence;
  if (heard === null) return true;
  const key = conceptKey(mention);
  if (heard.byConcept.has(key) || chart?.byConcept.has(key) === true) return true;
  if (soundsHeard(heard, context.lexicon, written) || soundsHeard(heard, context.lexicon, mention.name)) return true;
  for (const group of context.lexicon.groupsOf.get(mention.name) ?? []) {
    if (!heard.byConcept.has(`drug-group ${group}`)) continue;
    // "The antibiotic" supports a drug of the group only while none of the group is named.
    const named = heard.mentions.some(
      (one) => one.kind === 'drug' && context.lexicon.groupsOf.get(one.name)?.has(group) === true,
    );
    if (!named) return true;
  }
  return addedByClinician(context, mention);
}

/**
 * An addition of the clinician supports itself. A drug that took the place of one that was drafted and heard does not: that
 * is how a slip of the pen looks.
 */
function addedByClinician(context: NoteContext, mention: Mention): boolean {
  const { draft, heard } = context.evidence;
  if (draft === null || heard === null || draft.byConcept.has(conceptKey(mention))) return false;
  const inNote = new Set(
    context.parts.flatMap((part) => part.mentions.filter((one) => one.kind === 'drug').map((one) => one.name)),
  );
  const replaced = draft.mentions.some(
    (one) => one.kind === 'drug' && !inNote.has(one.name) && heard.byConcept.has(conceptKey(one)),
  );
  return !replaced;
}

const DRUG_ENDINGS =
  /^\p{L}{3,}(?:pril|sartan|olol|statin|cillin|mycin|micin|conazole|azepam|zolam|floxacin|prazole|tidine|ximab|zumab|tinib|gliptin|gliflozin|glutide|triptan|dipine|sone|olone|parin|xaban|thiazide|semide|barbital|oxetine|dronate|setron|cycline|vudine|tadine|lukast|profen|oxicam|coxib)$/u;
const DOSE_UNITS = new Set([
  'mg',
  'milligram',
  'milligrams',
  'mcg',
  'microgram',
  'micrograms',
  'g',
  'gram',
  'grams',
  'unit',
  'units',
  'meq',
  'iu',
  'ml',
  'puff',
  'puffs',
]);
const NOT_DRUGS = new Set([
  'dose',
  'dosage',
  'tablet',
  'tablets',
  'capsule',
  'daily',
  'about',
  'total',
  'take',
  'takes',
  'taking',
  'increase',
  'increased',
  'decrease',
  'decreased',
  'start',
  'started',
  'initiate',
  'prescribed',
  'current',
  'currently',
  'least',
  'glucose',
  'sodium',
  'sugar',
  'level',
  'protein',
  'creatinine',
  'weight',
  'with',
  'from',
  'another',
  'additional',
  'approximately',
  'around',
  'than',
  'over',
  'under',
  'medication',
  'prescription',
  'given',
  'only',
  'receive',
  'caffeine',
  'inject',
  'injected',
  'used',
  'using',
  'extended',
  'release',
  'regular',
  'strength',
  'twice',
  'once',
  'times',
  'every',
  'then',
  'patient',
  'mixture',
  'contains',
  'containing',
  'drinks',
  'water',
  'intravenous',
  'oral',
  'orally',
]);

/** Drugs of the lexicon, words built like drug names, and unknown words that stand where a drug stands: before a dose. */
function drugMentions(part: ReadPart, lexicon: Lexicon): readonly Mention[] {
  const known = part.mentions.filter((mention) => mention.kind === 'drug');
  const covered = new Set(part.mentions.flatMap((mention) => places(mention.from, mention.to)));
  const unknown: Mention[] = [];
  const endings = new Map<string, boolean>();
  for (const [at, token] of part.tokens.entries()) {
    if (covered.has(at) || !isWord(token) || token.text.length < 5 || lexicon.isDrugWord(token.text)) continue;
    const number = part.tokens[at + 1];
    const unit = part.tokens[at + 2];
    const dosed =
      number !== undefined && unit !== undefined && isNumber(number) && DOSE_UNITS.has(unit.text) && !NOT_DRUGS.has(token.text);
    const built = endings.get(token.text) ?? DRUG_ENDINGS.test(token.text);
    endings.set(token.text, built);
    if (dosed || built) unknown.push({ kind: 'drug', name: token.text, from: at, to: at + 1 });
  }
  return [...known, ...unknown].sort((left, right) => left.from - right.from);
}

function places(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_, offset) => from + offset);
}

/** A transcript spells drug names as they sound: near misses and names taken apart support, other drugs' names do not. */
function soundsHeard(heard: Heard, lexicon: Lexicon, written: string): boolean {
  const name = written.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  if (name.length < 5) return heard.byStem.has(name);
  const most = name.length >= 8 ? 2 : 1;
  for (const [at, token] of heard.tokens.entries()) {
    if (!isWord(token)) continue;
    const next = heard.tokens[at + 1];
    const joined = next !== undefined && isWord(next) ? `${token.text}${next.text}` : null;
    for (const candidate of joined === null ? [token.text] : [token.text, joined]) {
      if (Math.abs(candidate.length - name.length) > most || (candidate[0] !== name[0] && candidate.at(-1) !== name.at(-1)))
        continue;
      if (editDistance(candidate, name, most) <= most && (candidate === name || !lexicon.isDrugWord(candidate))) return true;
    }
  }
  return false;
}

interface Dose {
  readonly value: string;
  readonly unit: string;
  readonly from: number;
  readonly to: number;
  readonly drug: Mention | null;
}

const UNIT_OF: Readonly<Record<string, string>> = {
  mg: 'mg',
  milligram: 'mg',
  milligrams: 'mg',
  mgs: 'mg',
  mcg: 'mcg',
  microgram: 'mcg',
  micrograms: 'mcg',
  g: 'g',
  gram: 'g',
  grams: 'g',
  unit: 'unit',
  units: 'unit',
  u: 'unit',
  iu: 'unit',
  meq: 'meq',
  puff: 'puff',
  puffs: 'puff',
  tablet: 'tablet',
  tablets: 'tablet',
  ml: 'ml',
  cc: 'ml',
};
const DRUG_BEFORE_MAX = 8;
const DRUG_AFTER_MAX = 5;

/** Doses in a part, each with the drug of the same sentence that it belongs to. */
export function dosesOf(part: ReadPart): readonly Dose[] {
  const doses: Dose[] = [];
  for (const [at, token] of part.tokens.entries()) {
    const unit = UNIT_OF[part.tokens[at + 1]?.text ?? ''];
    if (!isNumber(token) || unit === undefined || part.tokens[at + 2]?.text === '/') continue;
    const [from, to] = sentenceAt(part, at);
    const drugs = mentionsIn(part, from, to).filter((one) => one.kind === 'drug' || one.kind === 'drug-group');
    const before = drugs.filter((one) => one.to <= at && at - one.to <= DRUG_BEFORE_MAX).at(-1);
    const after = drugs.find((one) => one.from > at && one.from - at <= DRUG_AFTER_MAX);
    const ofNext = after !== undefined && part.tokens[at + 2]?.text === 'of';
    doses.push({ value: plain(token.text), unit, from: at, to: at + 2, drug: (ofNext ? after : (before ?? after)) ?? null });
  }
  return doses;
}

const NEAR_DRUG = 40;

/** Doses that were not said for their drug. Numbers count as said for a drug within some sentences of its name. */
export function dosesNotHeard(context: NoteContext): readonly NoteFinding[] {
  const { heard } = context.evidence;
  if (heard === null) return [];
  const findings: NoteFinding[] = [];
  const shown = new Set<string>();
  for (const part of context.parts) {
    for (const dose of dosesOf(part)) {
      const verdict = doseHeard(context, heard, dose);
      if (verdict === true) continue;
      // The same dose of the same drug in list and plan is one thing to look at.
      const once = `${dose.drug?.name ?? ''} ${words(part, dose.from, dose.to).toLowerCase()}`;
      if (dose.drug !== null && shown.has(once)) continue;
      shown.add(once);
      const drug = dose.drug === null ? '' : ` for ${words(part, dose.drug.from, dose.drug.to)}`;
      findings.push({
        rule: 'note-dose-not-heard',
        severity: 'review',
        path: part.path,
        span: spanOf(part.tokens, dose.from, dose.to),
        ...(verdict === null ? {} : { transcriptSpan: spanOf(heard.tokens, verdict.from, verdict.to) }),
        message: `The note gives "${words(part, dose.from, dose.to)}"${drug}; that dose is not in the transcript.`,
      });
    }
  }
  return findings;
}

/** True when said; else where the drug was spoken of, or `null`. */
function doseHeard(context: NoteContext, heard: Heard, dose: Dose): true | null | { readonly from: number; readonly to: number } {
  const { chart, draft } = context.evidence;
  const values = sameAmounts(dose);
  const said = amountsIn(heard, values);
  if (chart !== null && amountsIn(chart, values).length > 0) return true;
  const named = dose.drug === null ? [] : (heard.byConcept.get(conceptKey(dose.drug)) ?? []);
  if (named.length === 0) {
    if (said.length > 0 && (dose.drug === null || said.some((number) => saidAsDose(heard.tokens, number)))) return true;
  } else {
    const near = said.some((number) =>
      named.some((drug) => Math.abs(number.from - drug.from) <= NEAR_DRUG && nearest(heard, number, drug)),
    );
    if (near) return true;
  }
  // A dose that the clinician typed in where none was heard stands for itself.
  if (
    draft !== null &&
    amountsIn(draft, values).length === 0 &&
    !draft.numbers.some((number) => saidAsDose(draft.tokens, number))
  )
    return true;
  return named[0] ?? null;
}

interface Amount {
  readonly value: string;
  readonly unit: string;
  /** Counts without a unit too. */
  readonly bare: boolean;
}

/** The amount and, in other units, what amounts to the same; those count only when said with their unit. */
function sameAmounts(dose: Pick<Dose, 'value' | 'unit'>): readonly Amount[] {
  const shifted = (by: number): string => plain(String(Number((Number(dose.value) * by).toPrecision(12))));
  const own = { value: dose.value, unit: dose.unit, bare: true };
  if (dose.unit === 'g') return [own, { value: shifted(1000), unit: 'mg', bare: false }];
  if (dose.unit === 'mg')
    return [own, { value: shifted(0.001), unit: 'g', bare: false }, { value: shifted(1000), unit: 'mcg', bare: false }];
  if (dose.unit === 'mcg') return [own, { value: shifted(0.001), unit: 'mg', bare: false }];
  return [own];
}

function amountsIn(source: Heard, amounts: readonly Amount[]): readonly NumberMention[] {
  return amounts.flatMap(({ value, unit, bare }) =>
    (source.byNumber.get(value) ?? []).filter((number) => {
      const said = UNIT_OF[source.tokens[number.to]?.text ?? ''];
      return said === undefined ? bare : said === unit;
    }),
  );
}

function saidAsDose(tokens: readonly Token[], number: NumberMention): boolean {
  return UNIT_OF[tokens[number.to]?.text ?? ''] !== undefined;
}

/** A number said right at another drug is that drug's. */
function nearest(heard: Heard, number: NumberMention, drug: Mention): boolean {
  const own = Math.abs(number.from - drug.from);
  return !heard.mentions.some(
    (one) => one.kind === 'drug' && one.name !== drug.name && Math.abs(one.from - number.from) < Math.min(own, 6),
  );
}
