/** The shape of codes (F1): what can be told without a terminology server. */

export const systems = {
  loinc: 'http://loinc.org',
  snomed: 'http://snomed.info/sct',
  icd10cm: 'http://hl7.org/fhir/sid/icd-10-cm',
  rxnorm: 'http://www.nlm.nih.gov/research/umls/rxnorm',
  npi: 'http://hl7.org/fhir/sid/us-npi',
  ucum: 'http://unitsofmeasure.org',
} as const;

/** What is wrong with a code of a known system; `null` when its shape is right or the system is not known. */
export function codeFault(system: string, code: string): string | null {
  switch (system) {
    case systems.loinc:
      return loincFault(code);
    case systems.snomed:
      return snomedFault(code);
    case systems.icd10cm:
      return /^[A-TV-Z]\d[0-9AB](?:\.[0-9A-Z]{1,4})?$/.test(code) ? null : 'is not formed like an ICD-10-CM code';
    case systems.rxnorm:
      return /^[1-9]\d{0,7}$/.test(code) ? null : 'is not formed like an RxNorm concept id';
    case systems.npi:
      return npiFault(code);
    default:
      return null;
  }
}

/** LOINC: digits, a dash, the Luhn check digit (LOINC Users' Guide, "mod 10"); parts and answers begin with LP, LA, LL. */
function loincFault(code: string): string | null {
  const match = /^(?:LP|LA|LL|LG)?(\d{1,7})-(\d)$/.exec(code);
  if (match?.[1] === undefined) return 'is not formed like a LOINC code';
  return luhnDigit(match[1]) === Number(match[2]) ? null : 'has the wrong LOINC check digit';
}

/** SNOMED CT: 6 to 18 digits, the last a Verhoeff check digit, the partition before it that of a concept (Release File Specifications 5.5 to 5.7). */
function snomedFault(code: string): string | null {
  if (!/^[1-9]\d{5,17}$/.test(code)) return 'is not formed like a SNOMED CT identifier';
  if (!verhoeffHolds(code)) return 'has the wrong SNOMED CT check digit';
  return /[01]0\d$/.test(code) ? null : 'is a SNOMED CT identifier, but not that of a concept';
}

/** NPI: ten digits, Luhn over "80840" and the number (45 CFR 162.406; CMS, NPI check digit). */
export function npiFault(value: string): string | null {
  if (!/^[12]\d{9}$/.test(value)) return 'is not formed like an NPI';
  return luhnDigit(`80840${value.slice(0, -1)}`) === Number(value.at(-1)) ? null : 'has the wrong NPI check digit';
}

/** The Luhn digit that completes a number (ISO/IEC 7812-1, annex B). */
export function luhnDigit(digits: string): number {
  let sum = 0;
  for (const [back, digit] of [...digits].reverse().entries()) {
    const doubled = Number(digit) * (back % 2 === 0 ? 2 : 1);
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return (10 - (sum % 10)) % 10;
}

/** Verhoeff's check over a whole number, its check digit included (Verhoeff 1969: the dihedral group of order ten). */
export function verhoeffHolds(digits: string): boolean {
  let check = 0;
  for (const [place, digit] of [...digits].reverse().entries()) check = times(check, permuted(Number(digit), place));
  return check === 0;
}

function times(left: number, right: number): number {
  const rotation = left < 5 ? left + (right % 5) : left - (right % 5);
  const turned = ((rotation % 5) + 5) % 5;
  return left < 5 === right < 5 ? turned : turned + 5;
}

const PERMUTATION = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4] as const;

function permuted(digit: number, times_: number): number {
  let value = digit;
  for (let time = 0; time < times_ % 8; time += 1) value = PERMUTATION[value] ?? value;
  return value;
}
