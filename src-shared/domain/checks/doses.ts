import type { Finding } from '../entries.ts';
import type { CheckRules } from './compiled.ts';
import { finding } from './findings.ts';
import { tokenize } from './text.ts';

/** Doses that cannot be meant, and those above what is usual (F1, dose and frequency sanity). */

export interface Prescribed {
  /** What the drug is called. */
  readonly drug: string;
  /** Decimal text, and a UCUM code. */
  readonly dose: { readonly value: string; readonly unit: string } | null;
  /** `null` when it is not said. */
  readonly perDay: number | null;
}

/** Where the dose and its frequency stand. */
export interface DosePlace {
  readonly dose: string;
  readonly frequency: string;
}

const PER_DAY: Readonly<Record<string, number>> = { s: 86_400, min: 1_440, h: 24, d: 1, wk: 1 / 7, mo: 1 / 30, a: 1 / 365 };
const TO_MG: Readonly<Record<string, number>> = { mg: 1, g: 1000, ug: 0.001, mcg: 0.001 };

/** How often a day something is given `frequency` times in a period (R4, Timing.repeat). */
export function timesPerDay(frequency: number | null, period: number, periodUnit: string | undefined): number | null {
  if (frequency === null || periodUnit === undefined) return null;
  return (frequency / Math.max(1e-9, period)) * (PER_DAY[periodUnit] ?? 1);
}

export function doseFindings({ drug, dose, perDay }: Prescribed, at: DosePlace, rules: CheckRules): readonly Finding[] {
  const { doses } = rules;
  const findings: Finding[] = [];
  if (perDay !== null && perDay > doses.timesPerDayMax) {
    const words = `The dose would be given ${Math.round(perDay)} times a day.`;
    findings.push(finding('frequency-implausible', 'review', at.frequency, words));
  }
  if (dose === null) return findings;
  const amount = Number(dose.value);
  if (amount <= 0)
    findings.push(finding('dose-impossible', 'stop', at.dose, `A dose of ${dose.value} ${dose.unit} cannot be given.`));
  const names = rules.note.lexicon
    .mentions(tokenize(drug))
    .filter((one) => one.kind === 'drug')
    .map((one) => one.name);
  const [name] = names;
  const factor = TO_MG[dose.unit];
  const known = names.length === 1 ? doses.byDrug.get(name ?? '') : undefined;
  if (known === undefined || factor === undefined || amount <= 0) return findings;
  const mg = amount * factor;
  const said = `${dose.value} ${dose.unit} of ${known.drug}`;
  if (mg > known.singleMax * doses.impossibleFactor) {
    const words = `${said} is more than ${doses.impossibleFactor} times the largest usual dose (${known.singleMax} mg).`;
    findings.push(finding('dose-impossible', 'stop', at.dose, words));
  } else if (mg > known.singleMax) {
    const words = `${said} is above the largest usual dose (${known.singleMax} mg).`;
    findings.push(finding('dose-high', 'review', at.dose, words));
  } else if (perDay !== null && mg * perDay > known.dailyMax) {
    const words = `${said} this often is above the largest usual amount per day (${known.dailyMax} mg).`;
    findings.push(finding('dose-high', 'review', at.dose, words));
  }
  if (known.weekly === true && perDay !== null && perDay > 1 / 7)
    findings.push(finding('dose-high', 'review', at.frequency, `${known.drug} by mouth is usually given once a week.`));
  return findings;
}
