import type { ClinicalItem } from '../content.ts';
import type { Finding } from '../entries.ts';
import type { Convention, HouseRules } from '../governance/house-rules.ts';
import type { CheckRules } from './compiled.ts';
import { finding } from './findings.ts';

/** What the organization's own rules find in an item (F1, business rules). */
export function houseFindings(
  clinical: ClinicalItem,
  path: string,
  house: HouseRules,
  ageYears: number | null,
  rules: CheckRules,
): readonly Finding[] {
  const because = (id: string, reason: string): string => `${reason} (rule ${id} of ${house.tenant}, version ${house.version}).`;
  const item = clinical.item as Readonly<Record<string, unknown>>;
  const ofKind = <T extends { readonly kind: string }>(list: readonly T[]): readonly T[] =>
    list.filter((one) => one.kind === clinical.kind);
  return [
    ...ofKind(house.disallowed)
      .filter((rule) => isDisallowed(item, rule))
      .map((rule) => finding('house-disallowed', rule.severity, path, because(rule.id, rule.reason))),
    ...ofKind(house.required)
      .filter((rule) => item[rule.member] === undefined)
      .map((rule) => finding('house-required', rule.severity, `${path}.${rule.member}`, because(rule.id, rule.reason))),
    ...ofKind(house.protected)
      .filter((rule) => item[rule.member] !== undefined)
      .map((rule) => finding('protected-field', rule.severity, `${path}.${rule.member}`, because(rule.id, rule.reason))),
    ...(clinical.kind === 'note'
      ? house.sections
          .filter((rule) => !rule.titles.some((title) => hasSection(clinical.item, title)))
          .map((rule) => finding('house-section-missing', rule.severity, path, because(rule.id, rule.reason)))
      : []),
    ...(clinical.kind === 'observation'
      ? [
          { part: clinical.item, at: path },
          ...(clinical.item.components ?? []).map((part, at) => ({ part, at: `${path}.components[${at}]` })),
        ].flatMap(({ part, at }) => drift(part, at, house, ageYears, rules))
      : []),
  ];
}

function isDisallowed(item: Readonly<Record<string, unknown>>, rule: HouseRules['disallowed'][number]): boolean {
  const { code, contains } = rule;
  const coded = code !== undefined && holds(item, (one) => one.system === code.system && one.code === code.code);
  const said =
    contains !== undefined &&
    holds(item, (one) =>
      Object.values(one).some((text) => typeof text === 'string' && text.toLowerCase().includes(contains.toLowerCase())),
    );
  return coded || said;
}

function holds(value: unknown, test: (object: Readonly<Record<string, unknown>>) => boolean): boolean {
  if (Array.isArray(value)) return value.some((one) => holds(one, test));
  if (value === null || typeof value !== 'object') return false;
  const object = value as Readonly<Record<string, unknown>>;
  return test(object) || Object.values(object).some((one) => holds(one, test));
}

function hasSection(note: Extract<ClinicalItem, { kind: 'note' }>['item'], title: string): boolean {
  const wanted = title.toLowerCase();
  if ((note.sections ?? []).some((section) => section.title.trim().toLowerCase() === wanted)) return true;
  // A note without sections has its headings on lines of their own.
  return (note.text ?? '').split('\n').some((line) => line.trim().replace(/:$/, '').toLowerCase() === wanted);
}

interface MeasuredPart {
  readonly code: { readonly system?: string | undefined; readonly code?: string | undefined };
  readonly value?: { readonly text: string } | undefined;
  readonly unit?: string | undefined;
}

/** Outside the clinic's own normal range: shown, because it drifts, not because it cannot be. */
function drift(
  part: MeasuredPart,
  path: string,
  house: HouseRules,
  ageYears: number | null,
  rules: CheckRules,
): readonly Finding[] {
  const { code, value, unit } = part;
  if (code.system !== 'http://loinc.org' || value === undefined || unit === undefined) return [];
  return house.normalRanges.flatMap((range) => {
    if (range.loinc !== code.code) return [];
    // Where the age is not known, no range of an age is the patient's.
    const applies =
      ageYears === null
        ? range.from === 0 && range.below === undefined
        : ageYears >= range.from && ageYears < (range.below ?? Infinity);
    const number = applies ? rules.units.convert(Number(value.text), unit, range.unit) : null;
    if (number === null || (number >= Number(range.least) && number <= Number(range.most))) return [];
    const words = `${value.text} ${unit} lies outside the normal range here, ${range.least} to ${range.most} ${range.unit} (rule ${range.id} of ${house.tenant}, version ${house.version}).`;
    return [finding('house-range', range.severity, `${path}.value`, words)];
  });
}

/** The organization's own code or unit for the common one; `undefined` where it has no convention for it. */
export function codeConvention(
  house: HouseRules | null,
  system: string,
  code: string,
): Extract<Convention, { readonly from: unknown }> | undefined {
  return house?.conventions.find(
    (one): one is Extract<Convention, { readonly from: unknown }> =>
      'from' in one && one.from.system === system && one.from.code === code,
  );
}

export function unitConvention(
  house: HouseRules | null,
  unit: string,
): Extract<Convention, { readonly unit: string }> | undefined {
  return house?.conventions.find(
    (one): one is Extract<Convention, { readonly unit: string }> => 'unit' in one && one.unit === unit,
  );
}
