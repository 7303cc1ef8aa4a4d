import { OperationOutcomeError, getDataType, tryGetDataType, validateResource } from '@medplum/core';
import type { InternalSchemaElement, InternalTypeSchema } from '@medplum/core';
import type { OperationOutcomeIssue, Resource } from '@medplum/fhirtypes';
import { limits } from '../../src-shared/limits/index.ts';
import { codesOf, loadStructure, resourceTypes } from './definitions.ts';
import type { Codes } from './definitions.ts';
import type { Issue, IssueCode } from './outcome.ts';
import { localReference } from './search-index.ts';
import type { JsonObject } from './search-paths.ts';
import { listOf, objectOf, referencedType, stringOf } from './search-paths.ts';

/** What the checks need to know of the chart. */
export interface ValidationContext {
  /** True when `Type/id` is in the chart, or is being created by the same transaction. */
  exists(type: string, id: string): boolean;
}

/**
 * Checks a resource against R4 (https://hl7.org/fhir/R4/validation.html): structure, cardinality, data types and
 * invariants by `@medplum/core`; here what that leaves out: required bindings, one type only for a choice element,
 * references to types an element does not allow, and patients and encounters that are not in the chart.
 *
 * @returns the problems found, all of severity error; none when the resource may be stored
 */
export function validate(resource: JsonObject, context: ValidationContext): readonly Issue[] {
  const issues: Issue[] = [];
  for (const type of typesInside(resource)) {
    if (resourceTypes().has(type) || type === 'Parameters') loadStructure(type);
    else issues.push({ severity: 'error', code: 'structure', text: `"${type}" is not a resource type of R4`, expression: type });
  }
  if (issues.length > 0) return issues;
  issues.push(...structureIssues(resource));
  const type = stringOf(resource['resourceType']) ?? '';
  new Walk(resource, context, issues).element(resource, getDataType(type), type);
  return unique(issues);
}

function* typesInside(resource: JsonObject): Generator<string> {
  const type = stringOf(resource['resourceType']);
  if (type !== undefined) yield type;
  const nested = [
    ...listOf(resource['contained']),
    ...listOf(resource['entry']).map((entry) => objectOf(entry)?.['resource']),
    ...listOf(resource['parameter']).map((parameter) => objectOf(parameter)?.['resource']),
  ];
  for (const one of nested) {
    const object = objectOf(one);
    if (object !== undefined) yield* typesInside(object);
  }
}

function structureIssues(resource: JsonObject): Issue[] {
  try {
    validateResource(resource as unknown as Resource, { base64BinaryMaxBytes: limits.recordBytesMax });
    return [];
  } catch (error) {
    if (!(error instanceof OperationOutcomeError)) throw error;
    return error.outcome.issue.filter((issue) => issue.severity === 'error' || issue.severity === 'fatal').map(ourIssue);
  }
}

function ourIssue(issue: OperationOutcomeIssue): Issue {
  // In FHIRPath a choice element goes by its stem: Observation.value, whatever its type.
  const expression = issue.expression?.[0]?.replaceAll('[x]', '');
  const code: IssueCode = issue.code === 'invariant' ? 'invariant' : issue.code === 'processing' ? 'processing' : 'structure';
  const text = issue.details?.text ?? issue.diagnostics ?? 'not valid';
  return {
    severity: 'error',
    code: text.startsWith('Missing required') ? 'required' : code,
    text,
    ...(expression ? { expression } : {}),
  };
}

function unique(issues: readonly Issue[]): Issue[] {
  const seen = new Map<string, Issue>();
  for (const issue of issues) seen.set(`${issue.expression ?? ''}\n${issue.text}`, issue);
  return [...seen.values()];
}

/** An element as a JSON member name finds it: for a choice element one of these per type. */
interface Member {
  readonly name: string;
  readonly element: InternalSchemaElement;
  readonly type: string;
  readonly choice: boolean;
}

const membersBySchema = new WeakMap<InternalTypeSchema, ReadonlyMap<string, Member>>();

function membersOf(schema: InternalTypeSchema): ReadonlyMap<string, Member> {
  let members = membersBySchema.get(schema);
  if (members === undefined) {
    const made = new Map<string, Member>();
    for (const [name, element] of Object.entries(schema.elements)) {
      const choice = name.endsWith('[x]');
      const stem = choice ? name.slice(0, -3) : name;
      for (const { code } of element.type) {
        const key = choice ? stem + code.charAt(0).toUpperCase() + code.slice(1) : stem;
        made.set(key, { name, element, type: code, choice });
      }
    }
    members = made;
    membersBySchema.set(schema, members);
  }
  return members;
}

const PLACES_OF_CARE = /\.(?:subject|patient|encounter)(?:\[\d+\])?$/;

class Walk {
  private readonly contained: ReadonlySet<string>;
  private readonly context: ValidationContext;
  private readonly issues: Issue[];

  constructor(root: JsonObject, context: ValidationContext, issues: Issue[]) {
    this.contained = new Set(listOf(root['contained']).map((one) => stringOf(objectOf(one)?.['id']) ?? ''));
    this.context = context;
    this.issues = issues;
  }

  element(value: JsonObject, schema: InternalTypeSchema, path: string): void {
    const members = membersOf(schema);
    const chosen = new Map<string, string>();
    for (const key of Object.keys(value)) {
      const extra = key.startsWith('_');
      const member = members.get(extra ? key.slice(1) : key);
      // An unknown member has been reported by the structure check.
      if (member === undefined) continue;
      if (member.choice) this.choice(chosen, member.name, extra ? key.slice(1) : key, path);
      if (extra) continue;
      const child = value[key];
      const place = `${path}.${member.choice ? member.name.slice(0, -3) : key}`;
      if (isHollow(child))
        this.issues.push({ severity: 'error', code: 'structure', text: 'an element may not be empty', expression: place });
      if (Array.isArray(child)) {
        listOf(child).forEach((item, index) => {
          this.value(item, member, `${place}[${index}]`);
        });
      } else {
        this.value(child, member, place);
      }
    }
  }

  private choice(chosen: Map<string, string>, name: string, key: string, path: string): void {
    const before = chosen.get(name);
    if (before !== undefined && before !== key) {
      const text = `only one of the types of ${name} may be given, not both ${before} and ${key}`;
      this.issues.push({ severity: 'error', code: 'structure', text, expression: `${path}.${name.slice(0, -3)}` });
    }
    chosen.set(name, key);
  }

  private value(value: unknown, member: Member, path: string): void {
    if (value === null || value === undefined) return;
    const { element, type } = member;
    if (element.binding?.strength === 'required' && element.binding.valueSet !== undefined) {
      this.binding(value, type, element.binding.valueSet, path);
    }
    const object = objectOf(value);
    if (object === undefined) return;
    if (type === 'Reference') this.reference(object, element, path);
    const typeInside = type === 'Resource' ? stringOf(object['resourceType']) : type;
    const schema = typeInside === undefined ? undefined : tryGetDataType(typeInside);
    if (schema !== undefined) this.element(object, schema, path);
  }

  private binding(value: unknown, type: string, valueSet: string, path: string): void {
    const codes = codesOf(valueSet);
    if (codes === undefined) return;
    const name = valueSet.slice(valueSet.lastIndexOf('/') + 1).split('|')[0] ?? valueSet;
    if (type === 'code' || type === 'string' || type === 'uri') {
      const code = stringOf(value);
      if (code !== undefined && !holds(codes, undefined, code)) this.badCode(`"${code}" is not a code of ${name}`, path);
      return;
    }
    const codings = type === 'CodeableConcept' ? listOf(objectOf(value)?.['coding']).map(objectOf) : [objectOf(value)];
    const fits = codings.some((coding) => {
      const code = stringOf(coding?.['code']);
      return code !== undefined && holds(codes, stringOf(coding?.['system']) ?? '', code);
    });
    if (!fits) this.badCode(`a code of ${name} is required here`, path);
  }

  private badCode(text: string, path: string): void {
    this.issues.push({ severity: 'error', code: 'code-invalid', text, expression: path });
  }

  private reference(value: JsonObject, element: InternalSchemaElement, path: string): void {
    const text = stringOf(value['reference']);
    if (text === undefined) return;
    const refuse = (why: string): void => {
      this.issues.push({ severity: 'error', code: 'value', text: why, expression: `${path}.reference` });
    };
    if (text.startsWith('#')) {
      if (text !== '#' && !this.contained.has(text.slice(1))) refuse(`"${text}" is not contained in this resource`);
      return;
    }
    const local = localReference(text);
    const type = referencedType(local);
    if (/^[a-z][a-z0-9+.-]*:/i.test(local)) {
      // An address elsewhere is taken as it stands; a placeholder means nothing outside the transaction that defines it.
      if (local.startsWith('urn:') && PLACES_OF_CARE.test(path)) refuse(`"${text}" cannot be resolved`);
      return;
    }
    if (type === undefined || !resourceTypes().has(type)) {
      refuse(`"${text}" is not a reference to a resource`);
      return;
    }
    const allowed = element.type.flatMap((one) => (one.code === 'Reference' ? (one.targetProfile ?? []) : []));
    const names = allowed.map((profile) => profile.slice(profile.lastIndexOf('/') + 1));
    if (names.length > 0 && !names.includes(type) && !names.includes('Resource')) {
      refuse(`${element.path} may refer to ${names.join(', ')}, not to ${type}`);
    } else if ((type === 'Patient' || type === 'Encounter') && !this.context.exists(type, local.slice(type.length + 1))) {
      refuse(`${local} is not in the chart`);
    }
  }
}

function isHollow(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

function holds(codes: Codes, system: string | undefined, code: string): boolean {
  if (codes.kind === 'pattern') return codes.pattern.test(code);
  if (system !== undefined) return codes.systems.get(system)?.has(code) ?? false;
  for (const known of codes.systems.values()) if (known.has(code)) return true;
  return false;
}
