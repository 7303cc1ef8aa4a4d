import { asArray, asObject, asString, carriesIdentifier, type ExactObject } from '../../fhir/index.ts';
import type { ClinicalItem, Concept } from '../content.ts';
import type { Finding } from '../entries.ts';
import { writeIdentifierSystem } from '../keys.ts';
import { readEpochMs } from '../time.ts';
import type { CheckRules } from './compiled.ts';
import { finding } from './findings.ts';
import { tokenize } from './text.ts';

/** Whether the chart holds already what an item would add to it (F1, duplicates of what the chart holds). */

/** One list of one patient's chart. `patient` is the reference that the EHR gave. */
export type ChartList =
  | { readonly list: 'problems'; readonly patient: string }
  | { readonly list: 'allergies'; readonly patient: string }
  | {
      readonly list: 'medications';
      readonly patient: string;
      readonly types: readonly ('MedicationRequest' | 'MedicationStatement')[];
    }
  | {
      readonly list: 'observation';
      readonly patient: string;
      readonly code: { readonly system: string; readonly code: string };
      /** FHIR dateTime, as the observation gives it. */
      readonly at: string;
    };

/** The list that an item has to be compared with; `null` where it can repeat nothing, or nothing that could be asked for. */
export function listToCompare(clinical: ClinicalItem, patient: string, rules: CheckRules): ChartList | null {
  const rule = rules.repeats.get(clinical.kind);
  if (rule === undefined) return null;
  switch (clinical.kind) {
    case 'problem':
      return isActive(clinical.item) ? { list: 'problems', patient } : null;
    case 'allergy':
      return isActive(clinical.item) ? { list: 'allergies', patient } : null;
    case 'medication-statement':
    case 'medication-request': {
      // What goes on, is changed or stopped is on the list because it has to be.
      const adds = clinical.item.change === undefined || clinical.item.change === 'start';
      const current = clinical.item.status === undefined || ['active', 'intended'].includes(clinical.item.status);
      return adds && current && rule.types !== undefined ? { list: 'medications', patient, types: rule.types } : null;
    }
    case 'observation': {
      const { code, effectiveAt } = clinical.item;
      // A day alone is no moment: the same is measured more than once a day.
      if (code.system === undefined || code.code === undefined || effectiveAt?.includes('T') !== true) return null;
      return { list: 'observation', patient, code: { system: code.system, code: code.code }, at: effectiveAt };
    }
    case 'note':
    case 'addendum':
    case 'order':
    case 'procedure':
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

/** Whether an item states something as holding now. */
export function isActive(item: {
  readonly clinicalStatus?: string | undefined;
  readonly verificationStatus?: string | undefined;
}): boolean {
  const active = item.clinicalStatus === undefined || ['active', 'recurrence', 'relapse'].includes(item.clinicalStatus);
  return active && item.verificationStatus !== 'refuted';
}

/** An entry of the chart, as the EHR returned it. */
export interface ListedEntry {
  readonly reference: string;
  readonly resource: ExactObject;
}

/** What the item repeats of the entries listed. `writeId`: an entry that this very write made is no repetition. */
export function repeatFindings(
  clinical: ClinicalItem,
  path: string,
  entries: readonly ListedEntry[],
  writeId: string,
  rules: CheckRules,
): readonly Finding[] {
  const rule = rules.repeats.get(clinical.kind);
  const about = conceptOf(clinical);
  if (rule === undefined || about === null) return [];
  const standing = entries.filter(
    ({ resource }) => stands(resource) && !carriesIdentifier(resource, writeIdentifierSystem, writeId),
  );
  const moment = clinical.kind === 'observation' ? readEpochMs(clinical.item.effectiveAt ?? '') : undefined;
  const same = standing.find(
    ({ resource }) =>
      isSame(about.concept, chartConcept(resource)) &&
      (clinical.kind !== 'observation' || readEpochMs(asString(resource.effectiveDateTime) ?? '') === moment),
  );
  const at = `${path}.${about.member}`;
  if (same !== undefined) return [finding('chart-repeats', rule.same, at, `The chart holds it already, as ${same.reference}.`)];
  if (rule.alike === undefined) return [];
  const drug = drugOf(wordsOf(about.concept), rules);
  const alike = drug === null ? undefined : standing.find(({ resource }) => drugOf(chartWords(resource), rules) === drug);
  if (alike === undefined) return [];
  return [finding('chart-repeats', rule.alike, at, `The chart holds the same drug already, as ${alike.reference}.`)];
}

/** An addendum to a document that was entered in error would bring it back to those who read on. */
export function amendsError(clinical: ClinicalItem, path: string, target: ExactObject | null): readonly Finding[] {
  if (clinical.kind !== 'addendum' || target === null) return [];
  const states = [asString(target.status), asString(target.docStatus)];
  if (!states.includes('entered-in-error')) return [];
  return [finding('amends-entered-in-error', 'stop', `${path}.amends`, 'The document it amends was entered in error.')];
}

/** A list that could not be read to its end, or not at all. */
export function notCompared(path: string, why: string): Finding {
  return finding('chart-not-compared', 'review', path, `It was not compared with what the chart holds: ${why}.`);
}

const NOT_STANDING = new Set(['entered-in-error', 'refuted', 'cancelled']);

function stands(resource: ExactObject): boolean {
  const verification = asArray(asObject(resource.verificationStatus)?.coding).map((one) => asString(asObject(one)?.code));
  return [asString(resource.status), ...verification].every((code) => code === undefined || !NOT_STANDING.has(code));
}

function conceptOf(clinical: ClinicalItem): { readonly member: string; readonly concept: Concept } | null {
  if (clinical.kind === 'problem' || clinical.kind === 'observation') return { member: 'code', concept: clinical.item.code };
  if (clinical.kind === 'allergy') return { member: 'substance', concept: clinical.item.substance };
  if (clinical.kind === 'medication-statement' || clinical.kind === 'medication-request')
    return { member: 'medication', concept: clinical.item.medication };
  return null;
}

function chartConcept(resource: ExactObject): ExactObject | undefined {
  return asObject(resource.medicationCodeableConcept ?? resource.code);
}

/** The same code in a system that both name; the same words where they name no common system. */
function isSame(concept: Concept, chart: ExactObject | undefined): boolean {
  const codings = asArray(chart?.coding).map(asObject);
  const own = [concept, ...(concept.translations ?? [])].filter((one) => one.code !== undefined);
  const common = own.filter((one) => codings.some((coding) => coding?.system === one.system));
  if (common.length > 0)
    return common.some((one) => codings.some((coding) => coding?.system === one.system && coding?.code === one.code));
  const words = wordsOf(concept);
  return chartTexts(chart).some((text) => words.includes(text));
}

/** Two concepts of items: the same code in a system that both name; the same words where they name no common system. */
export function sameConcept(one: Concept, two: Concept): boolean {
  const codings = [two, ...(two.translations ?? [])].map(({ system, code }) => ({
    ...(system === undefined ? {} : { system }),
    ...(code === undefined ? {} : { code }),
  }));
  const texts = { ...(two.text === undefined ? {} : { text: two.text }) };
  const display = two.display === undefined ? [] : [{ display: two.display }];
  return isSame(one, { ...texts, coding: [...codings.filter(({ code }) => code !== undefined), ...display] });
}

/** What a concept is called, in one spelling. */
export function wordsOf(concept: Concept): readonly string[] {
  return [concept.text, concept.display].flatMap((text) => (text === undefined ? [] : [plainText(text)]));
}

function chartWords(resource: ExactObject): readonly string[] {
  return chartTexts(chartConcept(resource));
}

function chartTexts(chart: ExactObject | undefined): readonly string[] {
  const displays = asArray(chart?.coding).map((coding) => asString(asObject(coding)?.display));
  return [asString(chart?.text), ...displays].flatMap((text) => (text === undefined ? [] : [plainText(text)]));
}

function plainText(text: string): string {
  return text.toLowerCase().replace(/\s+/g, ' ').trim();
}

/** The drugs that words name, as one name; `null` when they name none on the list. */
export function drugOf(texts: readonly string[], rules: CheckRules): string | null {
  const names = texts.flatMap((text) =>
    rules.note.lexicon
      .mentions(tokenize(text))
      .filter((one) => one.kind === 'drug')
      .map((one) => one.name),
  );
  return names.length === 0 ? null : [...new Set(names)].toSorted().join(' ');
}
