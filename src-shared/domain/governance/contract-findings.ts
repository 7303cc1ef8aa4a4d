import type { Origin } from '../business-event.ts';
import type { ContractRow } from '../contract-matrix.ts';
import type { Finding } from '../entries.ts';
import { asArray, asObject, asString, stringifyExact, type ExactObject, type ExactValue } from '../../fhir/index.ts';

/** Whether what was prepared keeps to its contract row (B1, B8, D1). Every breach is found, not only the first. */

export interface ContractCheck {
  readonly contract: ContractRow;
  readonly origin: Origin;
  /** The resource as it would stand in the chart; of an update, the changed one. */
  readonly resource: ExactObject;
  /** For an update: the resource as it stands there. */
  readonly before: ExactObject | null;
}

/** What every resource carries for the sake of FHIR or of finding it again. */
const INFRASTRUCTURE = new Set(['resourceType', 'id', 'meta', 'implicitRules', 'language', 'text', 'contained', 'identifier']);

const NEXT = 'Correct the content at its source, or have the contract changed.';

export function contractFindings(check: ContractCheck): readonly Finding[] {
  const { contract, resource } = check;
  const findings: Finding[] = [];
  const stop = (rule: string, path: string, message: string): void => {
    findings.push({ rule: `contract.${rule}`, severity: 'stop', path, message, next: NEXT });
  };
  if (!contract.origins.includes(check.origin))
    stop(
      'origin',
      'origin',
      `content made by ${check.origin} is not written as ${contract.kind}; allowed: ${contract.origins.join(', ')}`,
    );
  for (const rule of contract.allowed) {
    for (const code of codesOf(resource[rule.element])) {
      if (!rule.codes.includes(code))
        stop('status', rule.element, `"${code}" may not be written; allowed: ${rule.codes.join(', ')}`);
    }
  }
  const writable = new Set(contract.fields.filter((one) => one.use !== 'read-only').map((one) => one.element));
  for (const element of Object.keys(resource)) {
    if (INFRASTRUCTURE.has(element) || writable.has(element) || same(resource[element], check.before?.[element])) continue;
    stop('field', element, `the contract does not let "${element}" of a ${contract.resource} be written`);
  }
  for (const { system, code, reason } of contract.formulary) {
    if (carries(resource, system, code)) stop('formulary', contract.resource, `${code} is not written on this path: ${reason}`);
  }
  return findings;
}

/** The codes of a `code` or a CodeableConcept. */
function codesOf(value: ExactValue | undefined): readonly string[] {
  const plain = asString(value);
  if (plain !== undefined) return [plain];
  return asArray(asObject(value)?.coding).flatMap((one) => asString(asObject(one)?.code) ?? []);
}

function same(after: ExactValue | undefined, before: ExactValue | undefined): boolean {
  return after !== undefined && before !== undefined && stringifyExact(after) === stringifyExact(before);
}

/** Whether a coding stands anywhere in a resource. */
function carries(value: ExactValue | undefined, system: string, code: string): boolean {
  if (Array.isArray(value)) return value.some((one: ExactValue) => carries(one, system, code));
  const object = asObject(value);
  if (object === undefined) return false;
  if (asString(object.system) === system && asString(object.code) === code) return true;
  return Object.values(object).some((one) => carries(one, system, code));
}
