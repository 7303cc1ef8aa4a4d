import { asArray, asObject, asString, Decimal, type ExactObject, type ExactValue } from '../../fhir/index.ts';
import type { Finding } from '../entries.ts';
import { readEpochMs } from '../time.ts';
import type { CheckRules } from './compiled.ts';
import { finding } from './findings.ts';
import { deviceFault, gtinFault, identifierFault } from './identifiers.ts';
import { hiddenCharacters } from './note-text.ts';
import { ageAt, quantityFindings } from './quantity.ts';
import { timeFindings } from './semantic.ts';
import { doseFindings, timesPerDay } from './doses.ts';
import { codeFault, systems } from './terminology.ts';

/** What is known beside a plain resource. */
export interface ResourceFacts {
  /** FHIR date of the patient it is about; `null` when it is not known. */
  readonly birthDate: string | null;
  /** Epoch milliseconds. */
  readonly now: number;
}

interface Walk {
  readonly rules: CheckRules;
  readonly facts: ResourceFacts;
  readonly findings: Finding[];
}

/** Codes, units, values, times and texts of a plain FHIR R4 resource, by the same rules as those of an event (F1). */
export function checkResourceCodes(resource: ExactObject, rules: CheckRules, facts: ResourceFacts): readonly Finding[] {
  const findings: Finding[] = [];
  const type = asString(resource.resourceType) ?? 'resource';
  visit(resource, type, '', { rules, facts, findings });
  if (type === 'Device') findings.push(...carriersFaults(resource));
  findings.push(...containedCycle(resource, type), ...prescribedDoses(resource, type, rules));
  if (type === 'Observation') {
    const at = readEpochMs(asString(resource.effectiveDateTime) ?? asString(asObject(resource.effectivePeriod)?.start) ?? '');
    const ageYears = at === undefined ? null : ageAt(facts.birthDate, at);
    findings.push(...measured(resource, type, ageYears, rules));
    for (const [index, part] of (asArray(resource.component) ?? []).entries())
      findings.push(...measured(asObject(part), `${type}.component[${index}]`, ageYears, rules));
  }
  return findings;
}

/** UDI of a device (R4, Device.udiCarrier): the device identifier of GS1, and the carrier as people read it. */
function carriersFaults(device: ExactObject): readonly Finding[] {
  return asArray(device.udiCarrier).flatMap((one, index) => {
    const { issuer, deviceIdentifier, carrierHRF } = asObject(one) ?? {};
    const ofGs1 = asString(issuer) === 'http://hl7.org/fhir/NamingSystem/gs1';
    const identifier = asString(deviceIdentifier);
    const carrier = asString(carrierHRF);
    return [
      { member: 'deviceIdentifier', value: identifier, fault: ofGs1 && identifier !== undefined ? gtinFault(identifier) : null },
      { member: 'carrierHRF', value: carrier, fault: carrier === undefined ? null : deviceFault(carrier) },
    ].flatMap(({ member, value, fault }) =>
      fault === null
        ? []
        : [finding('device-shape', 'review', `Device.udiCarrier[${index}].${member}`, `"${value ?? ''}" ${fault}.`)],
    );
  });
}

/** Doses and how often they are given, of a prescription or of what a patient takes (R4, Dosage). */
function prescribedDoses(resource: ExactObject, type: string, rules: CheckRules): readonly Finding[] {
  const member = DOSAGES[type];
  if (member === undefined) return [];
  const concept = asObject(resource.medicationCodeableConcept);
  const words = [
    asString(concept?.text),
    ...asArray(concept?.coding).map((coding) => asString(asObject(coding)?.display)),
  ].filter((one) => one !== undefined);
  return asArray(resource[member]).flatMap((one, index) => {
    const dosage = asObject(one);
    const repeat = asObject(asObject(dosage?.timing)?.repeat);
    const path = `${type}.${member}[${index}]`;
    return asArray(dosage?.doseAndRate).flatMap((rate, at) => {
      const dose = asObject(asObject(rate)?.doseQuantity);
      return doseFindings(
        {
          drug: words.join(' '),
          dose:
            dose?.value instanceof Decimal && asString(dose.system) === systems.ucum
              ? { value: dose.value.text, unit: asString(dose.code) ?? '' }
              : null,
          perDay: timesPerDay(numberOf(repeat?.frequency), numberOf(repeat?.period) ?? 1, asString(repeat?.periodUnit)),
        },
        { dose: `${path}.doseAndRate[${at}].doseQuantity`, frequency: `${path}.timing.repeat.frequency` },
        rules,
      );
    });
  });
}

const DOSAGES: Readonly<Record<string, string>> = { MedicationRequest: 'dosageInstruction', MedicationStatement: 'dosage' };

function numberOf(value: ExactValue | undefined): number | null {
  return value instanceof Decimal ? Number(value.text) : null;
}

/** Contained resources that lead back to themselves: whoever resolves them would never come to an end. */
function containedCycle(resource: ExactObject, type: string): readonly Finding[] {
  const contained = new Map(
    asArray(resource.contained).flatMap((one) => {
      const inside = asObject(one);
      const id = asString(inside?.id);
      return inside === undefined || id === undefined ? [] : [[id, innerReferences(inside)] as const];
    }),
  );
  const done = new Set<string>();
  for (const start of contained.keys()) {
    const open = [{ id: start, trail: [start] }];
    for (let step = open.pop(); step !== undefined && !done.has(start); step = open.pop()) {
      for (const next of contained.get(step.id) ?? []) {
        const { trail } = step;
        if (next === start)
          return [finding('contained-cycle', 'stop', `${type}.contained`, `"#${[...trail, next].join('" leads to "#')}".`)];
        if (contained.has(next) && !trail.includes(next) && trail.length <= contained.size && !done.has(next))
          open.push({ id: next, trail: [...trail, next] });
      }
    }
    // No way leads from here back to here, so none leads through here.
    done.add(start);
  }
  return [];
}

/** Ids of the contained resources that a resource refers to (R4, references.html#contained). */
function innerReferences(value: ExactValue | undefined, key = ''): readonly string[] {
  if (typeof value === 'string') return key === 'reference' && value.startsWith('#') ? [value.slice(1)] : [];
  if (Array.isArray(value)) return asArray(value).flatMap((one) => innerReferences(one, key));
  const object = asObject(value);
  return object === undefined ? [] : Object.entries(object).flatMap(([name, one]) => innerReferences(one, name));
}

function measured(part: ExactObject | undefined, path: string, ageYears: number | null, rules: CheckRules): readonly Finding[] {
  const quantity = asObject(part?.valueQuantity);
  const unit = asString(quantity?.code);
  const value = quantity?.value;
  // What is no UCUM code at all has been said where it stands.
  if (unit === undefined || !(value instanceof Decimal) || asString(quantity?.system) !== systems.ucum) return [];
  if (rules.units.fault(unit) !== null) return [];
  const coding = (asArray(asObject(part?.code)?.coding) ?? []).map(asObject).find((one) => one?.system === systems.loinc);
  const at = { value: `${path}.valueQuantity.value`, unit: `${path}.valueQuantity.code` };
  return quantityFindings({ loinc: asString(coding?.code) ?? null, value: value.text, unit, ageYears }, at, rules);
}

// Elements that say when something was seen, done or written down; planned times have other names.
const DONE = new Set([
  ...['effectiveDateTime', 'performedDateTime', 'onsetDateTime', 'abatementDateTime', 'recordedDate', 'authoredOn', 'issued'],
  ...['dateAsserted', 'sent', 'received'],
]);

function visit(value: ExactValue | undefined, path: string, key: string, walk: Walk): void {
  const { rules, facts, findings } = walk;
  if (typeof value === 'string') {
    if (key === 'data' || key === 'url' || key === 'system') return;
    if (DONE.has(key)) findings.push(...timeFindings(value, path, false, { ...facts, occurredAt: facts.now }));
    for (const one of hiddenCharacters([{ path, title: null, text: value }]))
      findings.push(finding(one.rule, one.severity, path, one.message, one));
    return;
  }
  if (value instanceof Decimal) return;
  if (Array.isArray(value)) {
    for (const [index, each] of asArray(value).entries()) visit(each, `${path}[${index}]`, key, walk);
    return;
  }
  const object = asObject(value);
  if (object === undefined) return;
  const system = asString(object.system);
  const code = asString(object.code);
  if (system !== undefined && code !== undefined) {
    if (system === systems.ucum) {
      const fault = rules.units.fault(code);
      if (fault !== null) findings.push(finding('unit-not-ucum', 'stop', `${path}.code`, `${fault}.`));
    } else {
      const fault = codeFault(system, code);
      if (fault !== null) findings.push(finding('code-shape', 'stop', `${path}.code`, `"${code}" ${fault}.`));
    }
  }
  const identifier = asString(object.value);
  if (system !== undefined && identifier !== undefined) {
    const fault = identifierFault(system, identifier);
    if (fault !== null) findings.push(finding('identifier-shape', 'review', `${path}.value`, `"${identifier}" ${fault}.`));
  }
  for (const [name, each] of Object.entries(object)) visit(each, `${path}.${name}`, name, walk);
}
