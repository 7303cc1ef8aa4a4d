import { asArray, asObject, asString, Decimal, type ExactObject, type ExactValue } from '../../fhir/index.ts';
import type { Finding } from '../entries.ts';
import type { CheckRules } from './compiled.ts';
import { finding } from './findings.ts';
import { hiddenCharacters } from './note-text.ts';
import { codeFault, systems } from './terminology.ts';

/** Codes, units and texts of a plain FHIR R4 resource, by the same rules as those of an event (F1). */
export function checkResourceCodes(resource: ExactObject, rules: CheckRules): readonly Finding[] {
  const findings: Finding[] = [];
  visit(resource, asString(resource.resourceType) ?? 'resource', '', rules, findings);
  return findings;
}

function visit(value: ExactValue | undefined, path: string, key: string, rules: CheckRules, findings: Finding[]): void {
  if (typeof value === 'string') {
    if (key === 'data' || key === 'url' || key === 'system') return;
    for (const one of hiddenCharacters([{ path, title: null, text: value }]))
      findings.push(finding(one.rule, one.severity, path, one.message, one));
    return;
  }
  if (value instanceof Decimal) return;
  if (Array.isArray(value)) {
    for (const [index, each] of asArray(value).entries()) visit(each, `${path}[${index}]`, key, rules, findings);
    return;
  }
  const object = asObject(value);
  if (object === undefined) return;
  const system = asString(object.system);
  const code = asString(object.code);
  if (system !== undefined && code !== undefined) {
    if (system === systems.ucum) {
      const fault = rules.units.fault(code);
      if (fault !== null) findings.push(finding('unit-not-ucum', 'review', `${path}.code`, `${fault.words}.`));
    } else {
      const fault = codeFault(system, code);
      if (fault !== null) findings.push(finding('code-shape', 'stop', `${path}.code`, `"${code}" ${fault}.`));
    }
  }
  const identifier = asString(object.value);
  if (system === systems.npi && identifier !== undefined) {
    const fault = codeFault(system, identifier);
    if (fault !== null) findings.push(finding('identifier-shape', 'review', `${path}.value`, `"${identifier}" ${fault}.`));
  }
  for (const [name, each] of Object.entries(object)) visit(each, `${path}.${name}`, name, rules, findings);
}
