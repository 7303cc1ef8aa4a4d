import { join } from 'node:path';
import type { Finding } from '../../../src-shared/domain/index.ts';
import { asString, type ExactObject } from '../../../src-shared/fhir/index.ts';
import type { Definitions } from '../../ports/outbound/index.ts';
import { resourcesFolder } from '../workspace.ts';
import { holds } from './invariants.ts';
import { invariantBroken, quote, stop } from './rules.ts';
import { Structures } from './structure.ts';
import { walk } from './walk.ts';

export interface StructureCheck extends Definitions {
  /** Whether the structure of such resources is checked, or R4 has the type and it is never written, or there is no such type. */
  standing(type: string): 'checked' | 'not-written' | 'no-such-type';
}

/**
 * The structure check (F1, layer "FHIR R4 structure"): everything R4's definitions say about a resource.
 *
 * Structure definitions, formats and FHIRPath are read and evaluated by `@medplum/core`. Its `validateResource` is not
 * called: it lets required bindings, a second choice value, empty values, dateTimes without a zone, narrative, and the
 * invariants of data types pass, so that the walk that finds these has to know every element anyway; and it takes five
 * times as long. Tests hold the walk against it: what it finds, the walk must find.
 */
class R4Definitions implements StructureCheck {
  private readonly structures: Structures;

  constructor(folder: string) {
    this.structures = new Structures(folder);
  }

  standing(type: string): ReturnType<StructureCheck['standing']> {
    if (this.structures.resource(type) !== undefined) return 'checked';
    return this.structures.isResourceType(type) ? 'not-written' : 'no-such-type';
  }

  validate(resource: ExactObject): readonly Finding[] {
    const type = asString(resource['resourceType']);
    const plan = type === undefined ? undefined : this.structures.resource(type);
    if (plan === undefined) {
      const words =
        type === undefined
          ? 'The resource does not say of which type it is.'
          : `${quote(type)} is not a resource type that is written.`;
      return [stop('r4-resource-type', 'resourceType', words)];
    }
    const { findings, pending, plain, broken } = walk(this.structures, plan, resource);
    // An invariant about a value that could not be taken over says nothing: that value has its own finding.
    const decidable =
      broken.length === 0 ? pending : pending.filter(({ path }) => !broken.some((place) => place.startsWith(path)));
    const unmet = decidable.filter((one) => !holds(one, plain));
    return [...findings, ...unmet.map(({ invariant, path }) => invariantBroken(invariant.key, path, [invariant]))];
  }
}

/**
 * The R4 definitions for the structure check. Nothing is read before the first resource is checked.
 *
 * @param folder where scripts/definitions.ts wrote them; left out, that of this installation
 */
export function r4Definitions(folder = join(resourcesFolder(), 'definitions')): StructureCheck {
  return new R4Definitions(folder);
}
