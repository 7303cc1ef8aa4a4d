import type { Finding } from '../../../src-shared/domain/index.ts';
import type { ExactObject } from '../../../src-shared/fhir/index.ts';

/** FHIR R4 structure, from the standard's own definitions. */
export interface Definitions {
  /**
   * Everything that keeps the resource from being valid R4: unknown and missing elements, cardinality, primitive
   * formats, required bindings, more than one choice type. All findings, not the first; empty when it is valid.
   */
  validate(resource: ExactObject): readonly Finding[];
}
