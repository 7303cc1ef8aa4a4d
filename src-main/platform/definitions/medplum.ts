import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import type * as Medplum from '@medplum/core';

let loaded: typeof Medplum | undefined;

/**
 * `@medplum/core`, loaded when it is first needed: it costs a tenth of a second and 20 MB, and most commands check no
 * resource. `require` takes an ES module here and, unlike `import()`, at once; it is the same instance that others import.
 */
export function medplum(): typeof Medplum {
  loaded ??= createRequire(import.meta.url)(fileURLToPath(import.meta.resolve('@medplum/core'))) as typeof Medplum;
  return loaded;
}
