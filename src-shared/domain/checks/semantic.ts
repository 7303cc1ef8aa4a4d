import type { ClinicalItem, Concept } from '../content.ts';
import type { Finding } from '../entries.ts';
import { Decimal } from '../../fhir/index.ts';
import { readEpochMs } from '../time.ts';
import { limits } from '../../limits/index.ts';
import type { CheckRules } from './compiled.ts';
import { doseFindings, timesPerDay } from './doses.ts';
import { finding } from './findings.ts';
import { hiddenCharacters } from './note-text.ts';
import { ageAt, quantityFindings, unitFindings } from './quantity.ts';
import { codeFault, systems } from './terminology.ts';

/** What a clinical item says, whatever its structure: codes, units, times, ranges, doses (F1, layers terminology and semantic). */

export interface ItemFacts {
  readonly birthDate: string | null;
  /** When the visit took place and when it is checked, epoch milliseconds. */
  readonly occurredAt: number;
  readonly now: number;
  readonly rules: CheckRules;
}

export function checkItem(clinical: ClinicalItem, path: string, facts: ItemFacts): readonly Finding[] {
  const findings: Finding[] = [];
  walk(clinical.item, path, (value, at, key) => {
    if (typeof value === 'string') {
      if (TIMES.has(key)) findings.push(...timeFindings(value, at, PLANNED.has(key), facts));
      else if (!NOT_PROSE.has(key))
        findings.push(
          ...hiddenCharacters([{ path: at, title: null, text: value }]).map((one) =>
            finding(one.rule, one.severity, one.path, one.message, one),
          ),
        );
    } else if (isConcept(value)) findings.push(...conceptFindings(value, at));
    if (isMeasured(value)) findings.push(...measuredFindings(value, at, facts));
    else if (isQuantity(value)) findings.push(...unitFindings(value.unit, `${at}.unit`, facts.rules));
  });
  if (clinical.kind === 'medication-request' || clinical.kind === 'medication-statement') {
    const { dosage, medication } = clinical.item;
    if (dosage !== undefined) {
      const { dose, frequency, period, periodUnit } = dosage;
      const prescribed = {
        drug: medication.text ?? medication.display ?? '',
        dose: dose === undefined ? null : { value: dose.value.text, unit: dose.unit },
        perDay: timesPerDay(frequency ?? null, Number(period?.text ?? '1'), periodUnit),
      };
      const places = { dose: `${path}.dosage.dose`, frequency: `${path}.dosage.frequency` };
      findings.push(...doseFindings(prescribed, places, facts.rules));
    }
  }
  if (clinical.kind === 'problem' && clinical.item.verificationStatus === 'refuted' && clinical.item.clinicalStatus === 'active')
    findings.push(
      finding('status-contradiction', 'review', `${path}.clinicalStatus`, 'A refuted problem is recorded as active.'),
    );
  if (clinical.kind === 'demographics' && clinical.item.name !== undefined)
    findings.push(
      finding(
        'protected-field',
        'review',
        `${path}.name`,
        "The patient's name would be changed; it is one of the facts the patient is matched by.",
      ),
    );
  return findings;
}

type Visit = (value: unknown, path: string, key: string) => void;

function walk(value: unknown, path: string, visit: Visit, key = ''): void {
  visit(value, path, key);
  if (Array.isArray(value)) for (const [index, each] of value.entries()) walk(each, `${path}[${index}]`, visit, key);
  else if (value !== null && typeof value === 'object' && !(value instanceof Decimal))
    for (const [name, each] of Object.entries(value)) walk(each, `${path}.${name}`, visit, name);
}

function isConcept(value: unknown): value is Concept {
  return value !== null && typeof value === 'object' && 'system' in value && 'code' in value;
}

function conceptFindings(value: Concept, path: string): readonly Finding[] {
  if (value.system === undefined || value.code === undefined) return [];
  const fault = codeFault(value.system, value.code);
  return fault === null ? [] : [finding('code-shape', 'stop', `${path}.code`, `"${value.code}" ${fault}.`)];
}

// Bytes and identifiers; the rest is read by people.
const NOT_PROSE = new Set(['data', 'contentType', 'system', 'code', 'key', 'reference', 'linkId', 'questionnaire']);
const TIMES = new Set([
  'effectiveAt',
  'performedAt',
  'authoredAt',
  'givenAt',
  'onsetAt',
  'abatementAt',
  'at',
  'sentAt',
  'start',
  'occurrenceAt',
  'dueAt',
]);
const PLANNED = new Set(['occurrenceAt', 'dueAt', 'start']);
const EARLIEST_MS = Date.UTC(1880, 0, 1);

/** A time that lies ahead though it is past, longer ago than anybody lives, or before the patient's birth. */
export function timeFindings(
  text: string,
  path: string,
  planned: boolean,
  facts: Pick<ItemFacts, 'birthDate' | 'occurredAt' | 'now'>,
): readonly Finding[] {
  const at = readEpochMs(text);
  if (at === undefined) return [];
  const latest = Math.max(facts.now, facts.occurredAt) + limits.clinicalTimeAheadMaxMs;
  if (at > latest && !planned)
    return [
      finding(
        'time-in-future',
        'review',
        path,
        `${text} lies in the future; what is recorded here has already been done or seen.`,
      ),
    ];
  if (at < EARLIEST_MS) return [finding('time-impossible', 'review', path, `${text} is longer ago than any patient lives.`)];
  const born = facts.birthDate === null ? undefined : readEpochMs(facts.birthDate);
  if (born !== undefined && at < born && text.length >= (facts.birthDate ?? '').length)
    return [finding('time-before-birth', 'review', path, `${text} lies before the patient's birth.`)];
  return [];
}

interface Measured {
  readonly code: Concept;
  readonly value?: { readonly text: string };
  readonly unit?: string;
}

function isMeasured(value: unknown): value is Measured {
  return (
    value !== null &&
    typeof value === 'object' &&
    'code' in value &&
    'unit' in value &&
    'value' in value &&
    typeof (value as { code: unknown }).code === 'object'
  );
}

/** A quantity of nothing that is measured: a dose, an answer. */
function isQuantity(value: unknown): value is { readonly unit: string } {
  return value !== null && typeof value === 'object' && 'value' in value && 'unit' in value && typeof value.unit === 'string';
}

function measuredFindings(item: Measured, path: string, facts: ItemFacts): readonly Finding[] {
  const { code, unit, value } = item;
  if (unit === undefined || value === undefined) return [];
  const loinc = code.system === systems.loinc ? (code.code ?? null) : null;
  const at = { value: `${path}.value`, unit: `${path}.unit` };
  return quantityFindings(
    { loinc, value: value.text, unit, ageYears: ageAt(facts.birthDate, facts.occurredAt) },
    at,
    facts.rules,
  );
}
