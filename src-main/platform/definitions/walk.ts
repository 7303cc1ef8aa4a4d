import type { Finding } from '../../../src-shared/domain/index.ts';
import { asArray, asObject, asString, type ExactObject, type ExactValue } from '../../../src-shared/fhir/index.ts';
import { allowedText, allows, conceptFault } from './bindings.ts';
import { brokenOwnInvariant, isOwn, type PendingInvariant } from './invariants.ts';
import { readPrimitive } from './primitives.ts';
import { readLiteral, referenceFault, targetFault } from './references.ts';
import { invariantBroken, quote, stop, type StructureRule } from './rules.ts';
import type { ElementPlan, Invariant, Structures, TypePlan } from './structure.ts';

export interface Walked {
  readonly findings: readonly Finding[];
  /** What is left to FHIRPath. */
  readonly pending: readonly PendingInvariant[];
  /** The resource as plain JavaScript values, numbers as numbers: what FHIRPath is evaluated on. */
  readonly plain: Readonly<Record<string, unknown>>;
  /** Paths of what could not be taken over into `plain`. */
  readonly broken: readonly string[];
}

/** Goes once over a resource, with the plan of its type beside it, and finds everything that is not a matter of FHIRPath. */
export function walk(structures: Structures, plan: TypePlan, resource: ExactObject): Walked {
  const walker = new Walker(structures);
  const plain = walker.resource(plan, resource, plan.name);
  walker.matchContained();
  return { findings: walker.findings, pending: walker.pending, plain, broken: walker.broken };
}

const SIMPLE_QUANTITY = [{ key: 'sqty-1', words: 'The comparator is not used on a SimpleQuantity' }];

class Walker {
  readonly findings: Finding[] = [];
  readonly broken: string[] = [];
  readonly pending: PendingInvariant[] = [];
  private readonly structures: Structures;
  /** Contained resources by id, and references to such ids, with their paths. */
  private readonly contained = new Map<string, string>();
  private readonly referred = new Map<string, string>();
  private current: Record<string, unknown> = {};

  constructor(structures: Structures) {
    this.structures = structures;
  }

  resource(plan: TypePlan, exact: ExactObject, path: string): Record<string, unknown> {
    const outer = this.current;
    this.current = { resourceType: plan.name };
    this.members(plan, exact, path, this.current);
    const plain = this.current;
    this.current = outer;
    return plain;
  }

  /** Each reference to a contained resource finds it (ref-1), and each contained resource is referred to (dom-3). */
  matchContained(): void {
    for (const [id, path] of this.referred) {
      if (!this.contained.has(id))
        this.add('r4-contained', path, `${path} refers to "#${id}", which is not contained in the resource.`);
    }
    for (const [id, path] of this.contained) {
      if (!this.referred.has(id))
        this.add('r4-contained', path, `${path}: nothing refers to the contained resource ${quote(id)}.`);
    }
  }

  private members(plan: TypePlan, exact: ExactObject, path: string, plain: Record<string, unknown>): void {
    const chosen = new Map<string, string>();
    for (const [key, value] of Object.entries(exact)) {
      if (value === undefined || (key === 'resourceType' && 'resourceType' in plain)) continue;
      const isCompanion = key.startsWith('_');
      const name = isCompanion ? key.slice(1) : key;
      const element = plan.elements.get(name);
      if (element === undefined || (isCompanion && !element.primitive)) {
        this.add('r4-unknown-element', `${path}.${key}`, `${path} has no element ${quote(key)}.`);
        continue;
      }
      const place = `${path}.${element.name}`;
      if (element.isChoice) {
        const other = chosen.get(element.name) ?? name;
        if (other !== name) {
          this.add('r4-choice', place, `${place} may have one value, but both "${other}" and "${name}" are there.`);
          continue;
        }
        chosen.set(element.name, name);
      }
      const read = isCompanion
        ? this.companions(element, value, exact[name], place)
        : this.values(element, value, exact[`_${key}`], place);
      if (read !== undefined) plain[key] = read;
    }
    for (const { name, keys } of plan.required) {
      const place = `${path}.${name}`;
      if (keys.every((key) => exact[key] === undefined))
        this.add('r4-missing-element', place, `${place} is required and missing.`);
    }
    const own = brokenOwnInvariant(plan.name, exact);
    if (own !== undefined) this.findings.push(invariantBroken(own, path, plan.invariants));
    this.expect(plan.invariants, plan.name, plain, path);
  }

  private values(element: ElementPlan, exact: ExactValue, companion: ExactValue | undefined, path: string): unknown {
    if (!element.isArray) {
      return Array.isArray(exact)
        ? this.drop('r4-wrong-type', path, 'takes one value, not a list')
        : this.value(element, exact, path);
    }
    if (!Array.isArray(exact)) return this.drop('r4-wrong-type', path, 'must be a list');
    if (exact.length === 0) return this.drop('r4-empty-value', path, 'is there but empty');
    if (exact.length > element.max || exact.length < element.min) {
      const bounds = `${String(element.min)} to ${Number.isFinite(element.max) ? String(element.max) : 'any number of'}`;
      this.add('r4-cardinality', path, `${path} has ${String(exact.length)} values; R4 asks for ${bounds}.`);
    }
    const companions = asArray(companion);
    return exact.map((one: ExactValue, index) => {
      // In a list of primitives, null keeps the place of a value that has only extensions (R4, json: primitive types).
      if (one === null && element.primitive && asObject(companions[index]) !== undefined) return null;
      return this.value(element, one, `${path}[${String(index)}]`);
    });
  }

  private value(element: ElementPlan, exact: ExactValue, path: string): unknown {
    const { binding, type } = element;
    if (element.primitive) {
      const reading = readPrimitive(type, exact);
      if ('unusable' in reading) return this.drop(reading.unusable.rule, path, reading.unusable.words);
      for (const { rule, words } of reading.faults) this.add(rule, path, `${path} ${words}.`);
      if (binding !== undefined && typeof exact === 'string' && !allows(binding, exact)) {
        this.add('r4-binding', path, `${path} is ${quote(exact)}; R4 allows ${allowedText(binding)}.`);
      }
      return reading.value;
    }
    const object = asObject(exact);
    if (object === undefined) return this.drop('r4-wrong-type', path, `must be an object with the elements of ${type}`);
    if (Object.keys(object).length === 0) return this.drop('r4-empty-value', path, 'is there but empty');
    if (type === 'Resource') return this.containedResource(object, path);
    const plain: Record<string, unknown> = {};
    this.members(this.structures.type(type), object, path, plain);
    if (binding !== undefined) this.fault('r4-binding', path, conceptFault(binding, type, object));
    if (element.isSimpleQuantity && object['comparator'] !== undefined)
      this.findings.push(invariantBroken('sqty-1', path, SIMPLE_QUANTITY));
    if (type === 'Reference') this.reference(element, object, path);
    this.expect(element.invariants, type, plain, path);
    return plain;
  }

  /** The id and extensions of primitive values, in the member with the underscore (R4, json: primitive types). */
  private companions(element: ElementPlan, exact: ExactValue, values: ExactValue | undefined, path: string): unknown {
    if (!element.isArray) return this.companion(exact, path);
    if (!Array.isArray(exact)) return this.drop('r4-wrong-type', path, 'must be a list');
    const placesKept = Array.isArray(values) ? values.length : values === undefined ? 0 : exact.length;
    return exact.map((one: ExactValue, index) => {
      // Here null keeps the place of a value without extensions, so there must be a value.
      if (one === null && index < placesKept) return null;
      return this.companion(one, `${path}[${String(index)}]`);
    });
  }

  private companion(exact: ExactValue, path: string): unknown {
    const object = asObject(exact);
    if (object === undefined)
      return this.drop('r4-wrong-type', path, 'must have an object with an id or extensions in the member with the underscore');
    if (Object.keys(object).length === 0) return this.drop('r4-empty-value', path, 'has an empty member with the underscore');
    const plain: Record<string, unknown> = {};
    this.members(this.structures.type('Element'), object, path, plain);
    return plain;
  }

  private containedResource(exact: ExactObject, path: string): unknown {
    const type = asString(exact['resourceType']);
    const plan = type === undefined ? undefined : this.structures.resource(type);
    if (plan === undefined) {
      return this.drop(
        'r4-resource-type',
        path,
        type === undefined ? 'does not say of which type it is' : `is a ${quote(type)}, which is not written`,
      );
    }
    const outerReferred = this.referred.get('');
    this.referred.delete('');
    const plain = this.resource(plan, exact, path);
    const id = asString(exact['id']);
    if (id !== undefined) {
      this.contained.set(id, path);
      // A contained resource that refers to the one around it ("#") has its meaning from that.
      if (this.referred.has('')) this.referred.set(id, path);
    }
    this.referred.delete('');
    if (outerReferred !== undefined) this.referred.set('', outerReferred);
    return plain;
  }

  private reference(element: ElementPlan, exact: ExactObject, path: string): void {
    this.fault('r4-reference', path, referenceFault(exact));
    this.fault(
      'r4-reference-type',
      path,
      targetFault(exact, element.targets, (type) => this.structures.isResourceType(type)),
    );
    const contained = readLiteral(asString(exact['reference']) ?? '')?.contained;
    if (contained !== undefined) this.referred.set(contained, path);
  }

  private expect(invariants: readonly Invariant[], type: string, value: Readonly<Record<string, unknown>>, path: string): void {
    for (const invariant of invariants) {
      // dom-2 to dom-5 are about contained resources.
      if (isOwn(invariant.key) || (invariant.key.startsWith('dom-') && value['contained'] === undefined)) continue;
      this.pending.push({ invariant, path, type, value, resource: this.current });
    }
  }

  /** Reports a value that cannot be used at all; there is nothing to say about what is inside it. */
  private drop(rule: StructureRule, path: string, words: string): undefined {
    this.add(rule, path, `${path} ${words}.`);
    this.broken.push(path);
    return undefined;
  }

  private fault(rule: StructureRule, path: string, words: string | undefined): void {
    if (words !== undefined) this.add(rule, path, `${path} ${words}.`);
  }

  private add(rule: StructureRule, path: string, message: string): void {
    this.findings.push(stop(rule, path, message));
  }
}
