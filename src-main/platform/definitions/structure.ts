import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Constraint, InternalSchemaElement } from '@medplum/core';
import type { StructureDefinition } from '@medplum/fhirtypes';
import { medplum } from './medplum.ts';

/** A rule of the standard on a type or an element: `obs-7`. */
export interface Invariant {
  readonly key: string;
  /** FHIRPath. */
  readonly expression: string;
  /** What it asks for, in the words of the standard. */
  readonly words: string;
}

/** What R4 says about one element of a type. */
export interface ElementPlan {
  /** The element's name without its type: `value` for `valueQuantity`. */
  readonly name: string;
  readonly type: string;
  readonly primitive: boolean;
  readonly isArray: boolean;
  readonly isChoice: boolean;
  readonly min: number;
  readonly max: number;
  /** Required value set, or `undefined` when any code is allowed. */
  readonly binding: AllowedCodes | undefined;
  /** Resource types that a Reference may point at; `undefined`: any. */
  readonly targets: ReadonlySet<string> | undefined;
  /** A Quantity that must not say "less than" or the like (R4, datatypes: SimpleQuantity). */
  readonly isSimpleQuantity: boolean;
  /** Invariants of the element that its type does not have anyway. */
  readonly invariants: readonly Invariant[];
}

export interface TypePlan {
  readonly name: string;
  /** Elements by their JSON name, choices spelled out: `valueQuantity`, `valueString`. */
  readonly elements: ReadonlyMap<string, ElementPlan>;
  /** Elements that must be there, each with the JSON names it may have. */
  readonly required: readonly { readonly name: string; readonly keys: readonly string[] }[];
  readonly invariants: readonly Invariant[];
}

/** The codes of a required value set: by code system, or as a grammar. */
export interface AllowedCodes {
  readonly url: string;
  readonly systems: ReadonlyMap<string, ReadonlySet<string>>;
  readonly pattern: RegExp | undefined;
}

interface CodesFile {
  readonly resourceTypes: readonly string[];
  readonly valueSets: Readonly<
    Record<string, { readonly systems?: Readonly<Record<string, readonly string[]>>; readonly pattern?: string }>
  >;
}

const PROFILE_BASE = 'http://hl7.org/fhir/StructureDefinition/';

/**
 * The R4 structures under a folder (`resources/definitions`, cut out of HL7's by scripts/definitions.ts). Data types
 * and codes are read with the first resource that is checked, a resource type with the first of its kind.
 */
export class Structures {
  private readonly folder: string;
  private readonly plans = new Map<string, TypePlan>();
  private readonly written = new Map<string, boolean>();
  private readonly valueSets = new Map<string, AllowedCodes>();
  private codes: CodesFile | undefined;
  private hasDataTypes = false;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** The plan of a resource type, or `undefined` when Countersign does not write such resources. */
  resource(type: string): TypePlan | undefined {
    let known = this.written.get(type);
    if (known === undefined) {
      if (!this.isResourceType(type)) return undefined;
      known = this.load(type);
      this.written.set(type, known);
    }
    return known ? this.type(type) : undefined;
  }

  /** The plan of a data type or of a backbone element (`ObservationComponent`). */
  type(name: string): TypePlan {
    let plan = this.plans.get(name);
    if (plan === undefined) {
      plan = this.compile(name);
      this.plans.set(name, plan);
    }
    return plan;
  }

  /** True for every resource type of R4, written here or not. */
  isResourceType(type: string): boolean {
    return this.codesFile().resourceTypes.includes(type);
  }

  private load(type: string): boolean {
    let structure: unknown;
    try {
      structure = this.read(`${type}.json`);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
    const { indexStructureDefinitionBundle } = medplum();
    if (!this.hasDataTypes) indexStructureDefinitionBundle(this.read('data-types.json') as StructureDefinition[]);
    this.hasDataTypes = true;
    indexStructureDefinitionBundle([structure as StructureDefinition]);
    return true;
  }

  private compile(name: string): TypePlan {
    const { getDataType, tryGetDataType } = medplum();
    const schema = getDataType(name);
    const elements = new Map<string, ElementPlan>();
    const required: { name: string; keys: string[] }[] = [];
    for (const [key, element] of Object.entries(schema.elements)) {
      const isChoice = key.endsWith('[x]');
      const base = isChoice ? key.slice(0, -3) : key;
      const keys: string[] = [];
      for (const { code: listed, targetProfile, profile } of element.type) {
        // R4's definitions give the id of a resource as a string, its text as an id (R4, resource: id).
        const code = key === 'id' && schema.kind === 'resource' ? 'id' : listed;
        const jsonName = isChoice ? base + code.charAt(0).toUpperCase() + code.slice(1) : base;
        keys.push(jsonName, `_${jsonName}`);
        elements.set(jsonName, {
          name: base,
          type: code,
          primitive: /^[a-z]/.test(code),
          isArray: element.isArray === true,
          isChoice,
          min: element.min,
          max: element.max,
          binding: this.bindingOf(element),
          targets: targetsOf(targetProfile),
          isSimpleQuantity: profile?.includes(`${PROFILE_BASE}SimpleQuantity`) === true,
          invariants: invariantsOf(element.constraints, tryGetDataType(code)?.constraints),
        });
      }
      if (element.min > 0) required.push({ name: base, keys });
    }
    return { name, elements, required, invariants: invariantsOf(schema.constraints, undefined) };
  }

  private bindingOf(element: InternalSchemaElement): AllowedCodes | undefined {
    const { binding } = element;
    if (binding?.strength !== 'required' || binding.valueSet === undefined) return undefined;
    const url = binding.valueSet;
    let codes = this.valueSets.get(url);
    if (codes === undefined) {
      const listed = this.codesFile().valueSets[url];
      if (listed === undefined) throw new Error(`the codes of ${url} are missing in ${this.folder}`);
      const systems = new Map(Object.entries(listed.systems ?? {}).map(([system, list]) => [system, new Set(list)]));
      codes = { url, systems, pattern: listed.pattern === undefined ? undefined : new RegExp(listed.pattern) };
      this.valueSets.set(url, codes);
    }
    return codes;
  }

  private codesFile(): CodesFile {
    this.codes ??= this.read('codes.json') as CodesFile;
    return this.codes;
  }

  private read(name: string): unknown {
    return JSON.parse(readFileSync(join(this.folder, name), 'utf8'));
  }
}

function targetsOf(profiles: readonly string[] | undefined): ReadonlySet<string> | undefined {
  const types = (profiles ?? []).map((profile) => profile.slice(PROFILE_BASE.length));
  return types.length === 0 || types.includes('Resource') ? undefined : new Set(types);
}

/** ele-1, on every element, says that none may be empty: that needs no FHIRPath. */
function invariantsOf(constraints: readonly Constraint[] = [], known: readonly Constraint[] = []): readonly Invariant[] {
  return constraints
    .filter((one) => one.severity === 'error' && one.key !== 'ele-1' && !known.some((other) => other.key === one.key))
    .map(({ key, expression, description }) => ({ key, expression, words: description }));
}
