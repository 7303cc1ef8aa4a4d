import type { ClinicalItem, Concept, ContentClass } from '../content.ts';
import type { Finding, NormalizationStep, NormalizedRecord } from '../entries.ts';
import type { HouseRules } from '../governance/house-rules.ts';
import { Decimal } from '../../fhir/index.ts';
import type { CheckRules } from './compiled.ts';
import { finding } from './findings.ts';
import { codeConvention, unitConvention } from './house.ts';
import type { Rule } from './normalize-compiled.ts';
import { unitsOf } from './quantity.ts';
import { codeFault, systems } from './terminology.ts';

/**
 * Brings a clinical item into one form by versioned rules (A2): the original stays on record beside what became of it,
 * with the rule and its version. What can be read in more than one way is left as it is and becomes a finding that stops:
 * a person decides, nothing is guessed.
 */

export interface Normalized {
  /** The item as it is checked and sent. */
  readonly clinical: ClinicalItem;
  readonly record: NormalizedRecord;
  /** What was changed (for information) and what nobody but a person can decide (stops). */
  readonly findings: readonly Finding[];
}

interface Work {
  readonly rules: CheckRules;
  readonly house: HouseRules | null;
  readonly steps: NormalizationStep[];
  readonly open: Finding[];
}

/** Normalizes one item; `path` is where it stands in its event, `house` holds its site's conventions. The item itself is not changed. */
export function normalizeItem(clinical: ClinicalItem, path: string, rules: CheckRules, house: HouseRules | null): Normalized {
  const work: Work = { rules, house, steps: [], open: [] };
  const item = rewrite(clinical.item, path, '', work);
  const classed = classOf(clinical, path, work);
  return {
    clinical: { kind: clinical.kind, item } as ClinicalItem,
    record: {
      rules: house === null ? rules.normalization.version : `${rules.normalization.version}, conventions ${house.version}`,
      class: classed,
      steps: work.steps,
    },
    findings: [...work.steps.map(stepFinding), ...work.open],
  };
}

function stepFinding({ rule, version, path, from, to }: NormalizationStep): Finding {
  return finding('normalized', 'information', path, `"${from}" was read as "${to}" (rule ${rule}, version ${version}).`);
}

function rewrite(value: unknown, path: string, key: string, work: Work): unknown {
  if (typeof value === 'string') return time(value, path, key, work);
  if (value === null || typeof value !== 'object' || value instanceof Decimal) return value;
  if (Array.isArray(value)) return value.map((each, index) => rewrite(each, `${path}[${index}]`, key, work));
  const members: Record<string, unknown> = Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, rewrite(each, `${path}.${name}`, name, work)]),
  );
  coded(members, path, work);
  if (typeof members.unit === 'string' && members.value instanceof Decimal) unit(members, members.unit, path, work);
  abbreviation(members, path, key, work);
  return members;
}

function change(work: Work, rule: Pick<Rule, 'id' | 'version'>, path: string, from: string, to: string): string {
  work.steps.push({ rule: rule.id, version: rule.version, path, from, to });
  return to;
}

const TO_THE_MINUTE = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2})(Z|[+-]\d{2}:\d{2})$/;
const TIME_KEYS = /(?:At|^start|^end|^at|^dateTime)$/;

function time(text: string, path: string, key: string, work: Work): string {
  const rule = work.rules.normalization.time;
  const match = rule === null || !TIME_KEYS.test(key) ? null : TO_THE_MINUTE.exec(text);
  if (rule === null || match === null) return text;
  return change(work, rule, path, text, `${match[1] ?? ''}:00${match[2] ?? ''}`);
}

/** The system of a coding by its names, then the way its codes are written. */
function coded(members: Record<string, unknown>, path: string, work: Work): void {
  const { normalization } = work.rules;
  if (typeof members.code !== 'string') return;
  const own = typeof members.system === 'string' ? codeConvention(work.house, members.system, members.code) : undefined;
  if (own !== undefined) {
    const text = (one: { readonly system: string; readonly code: string }): string => `${one.system}|${one.code}`;
    change(work, own, path, text(own.from), text(own.to));
    Object.assign(members, own.to);
  }
  if (typeof members.system === 'string') {
    const rule = normalization.systems.get(members.system);
    const [only, other] = rule?.to ?? [];
    if (rule !== undefined && only !== undefined && other === undefined)
      members.system = change(work, rule, `${path}.system`, members.system, only);
    else if (rule !== undefined) work.open.push(ambiguous('code-ambiguous', `${path}.system`, members.system, rule.to));
  }
  for (const { rule, expression } of normalization.codes) {
    if (rule.system !== members.system || typeof members.code !== 'string') continue;
    const read = rule.upper === true ? members.code.toUpperCase() : members.code;
    if (!expression.test(read)) continue;
    const written = read.replace(expression, rule.replace);
    if (written !== members.code && codeFault(rule.system, written) === null)
      members.code = change(work, rule, `${path}.code`, members.code, written);
  }
}

/** A unit by the list of spellings, with the help of what was measured. */
function unit(members: Record<string, unknown>, spelled: string, path: string, work: Work): void {
  const { rules } = work;
  const own = unitConvention(work.house, spelled);
  if (own !== undefined) {
    members.unit = change(work, own, `${path}.unit`, spelled, own.ucum);
    return;
  }
  const { any, code } = rules.normalization.unit;
  const loinc = loincOf(members.code);
  const expected = loinc === null ? null : (unitsOf(loinc, rules)?.units ?? null);
  const fits = (one: string): boolean => expected === null || expected.some((each) => rules.units.convert(1, one, each) !== null);
  const valid = rules.units.fault(spelled) === null;
  if (valid && fits(spelled)) return;
  const candidates = rules.units.candidates(spelled);
  const fitting = candidates.filter(fits);
  const [only, other] = fitting;
  const rule = valid || candidates.length > 1 ? code : any;
  if (only !== undefined && other === undefined && rule !== null) {
    // One of several readings is only taken for the fitting one where something says what fits.
    if (candidates.length === 1 || expected !== null) members.unit = change(work, rule, `${path}.unit`, spelled, only);
  } else if (!valid && other !== undefined) work.open.push(ambiguous('code-ambiguous', `${path}.unit`, spelled, fitting));
}

function loincOf(code: unknown): string | null {
  const concept = code as Concept | undefined;
  return concept?.system === systems.loinc ? (concept.code ?? null) : null;
}

/** An abbreviation at the head of the words of a concept that has no code: a code says what is meant. */
function abbreviation(members: Record<string, unknown>, path: string, key: string, work: Work): void {
  if (members.code !== undefined) return;
  for (const { rule, terms } of work.rules.normalization.texts) {
    if (!rule.at.some((one) => one === key)) continue;
    for (const name of ['text', 'display'] as const) {
      const said = members[name];
      if (typeof said !== 'string') continue;
      const term = headOf(said, terms);
      const meanings = term === null ? [] : (terms.get(term) ?? []);
      const [only, other] = meanings;
      if (term === null || only === undefined) continue;
      if (other === undefined) members[name] = change(work, rule, `${path}.${name}`, said, only + said.slice(term.length));
      else work.open.push(ambiguous('content-ambiguous', `${path}.${name}`, term, meanings));
    }
  }
}

/** The listed abbreviation that a text begins with, as a word of its own. */
function headOf(said: string, terms: ReadonlyMap<string, readonly string[]>): string | null {
  const words = said.split(/[\s,;.]+/u, 2);
  const [first = '', second] = words;
  const two = second === undefined ? '' : said.slice(0, first.length + 1 + second.length);
  if (terms.has(two)) return two;
  return terms.has(first) && said.startsWith(first) ? first : null;
}

function ambiguous(rule: string, path: string, said: string, meanings: readonly string[]): Finding {
  return finding(rule, 'stop', path, `"${said}" may mean ${meanings.join(' or ')}.`);
}

/** Fact or intention, as the source says or as the rules have it; what is neither becomes a finding. */
function classOf(clinical: ClinicalItem, path: string, work: Work): ContentClass {
  const { classes } = work.rules.normalization;
  const words = wordsOf(clinical);
  // Who says how certain it is has not left it open.
  const certain = 'verificationStatus' in clinical.item && clinical.item.verificationStatus !== undefined;
  for (const { rule, expression } of classes) {
    if (!rule.kinds.some((kind) => kind === clinical.kind)) continue;
    if (expression === null) return rule.class;
    if (words === null || !expression.test(words.text) || (certain && rule.class === 'ambiguity')) continue;
    const what = rule.class === 'suggestion' ? 'a suggestion' : 'uncertain';
    work.open.push(
      finding('content-ambiguous', 'stop', `${path}.${words.at}`, `"${words.text}" is ${what} by its words (rule ${rule.id}).`),
    );
    return rule.class;
  }
  return clinical.item.class ?? 'fact';
}

/** The words that name what an item is about, where it has a code or words for that. */
function wordsOf(clinical: ClinicalItem): { readonly at: string; readonly text: string } | null {
  const named = (at: string, concept: Concept) => {
    const text = concept.text ?? concept.display;
    return text === undefined ? null : { at, text };
  };
  switch (clinical.kind) {
    case 'problem':
    case 'procedure':
    case 'order':
    case 'observation':
      return named('code', clinical.item.code);
    case 'allergy':
      return named('substance', clinical.item.substance);
    case 'medication-statement':
    case 'medication-request':
      return named('medication', clinical.item.medication);
    case 'note':
    case 'addendum':
    case 'care-plan':
    case 'task':
    case 'message':
    case 'patient-instructions':
    case 'questionnaire-response':
    case 'consent':
    case 'demographics':
    case 'encounter-status':
    case 'document':
    case 'intake-summary':
      return null;
  }
}
