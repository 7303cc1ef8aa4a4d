import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

type Medplum = typeof import('@medplum/core');

let loaded: Medplum | undefined;

/**
 * `@medplum/core`, loaded when it is first needed: it costs a tenth of a second and 20 MB, and most commands check no
 * resource. `require` takes an ES module here and, unlike `import()`, at once; it is the same instance that others import.
 */
export function medplum(): Medplum {
  loaded ??= createRequire(import.meta.url)(fileURLToPath(import.meta.resolve('@medplum/core'))) as Medplum;
  return loaded;
}
