// The import directions of the house, one rule each. docs/ says why; scripts/directions.ts runs them and scripts/directions.test.ts
// proves every rule by breaking it.

// Tests, what only tests use, and the end-to-end folder look at everything from everywhere.
const TEST = '\\.test\\.tsx?$|(^|/)testing/|^e2e/';
const PROJECT = '^(src-main|src-renderer|src-shared|scripts|bench|e2e|resources)/';
const AREAS = 'bridge|engine|ehr|entry|identity|intake|ledger|platform|ports|practice-ehr|simulation';
// The areas whose folders have a door of their own: an adapter, the kit, a kind of ledger, a side of the ports.
const NESTED = 'ehr|ledger|ports';

/** Inside the project, these files may import only these places; packages and Node itself are not looked at. */
const withinProject = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: TEST },
  to: { path: PROJECT, pathNot: allowed },
});

/** These files may import only these places: no package and nothing of Node either, unless named. */
const only = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: TEST },
  to: { pathNot: allowed },
});

module.exports = {
  forbidden: [
    only(
      'shared-is-pure',
      '^src-shared/',
      '^src-shared/|(^|/)node_modules/zod/',
      'src-shared runs in both processes and in the exported verifier: itself and zod, nothing else.',
    ),
    only(
      'renderer-to-shared',
      '^src-renderer/',
      '^src-(renderer|shared)/|(^|/)node_modules/',
      'The window knows src-shared and talks to the rest over the process boundary.',
    ),
    only(
      'ports-to-shared',
      '^src-main/ports/',
      '^(src-main/ports|src-shared)/',
      'Ports are interfaces in the terms of src-shared.',
    ),
    only(
      'engine-to-ports-and-shared',
      '^src-main/engine/',
      '^(src-main/(engine|ports)|src-shared)/',
      'Use cases do no input or output of their own, so the simulation can run all of them: no package, nothing of Node.',
    ),
    only(
      'simulation-to-engine-ports-and-shared',
      '^src-main/simulation/',
      '^(src-main/(simulation|engine|ports)|src-shared)/',
      'A simulated run depends on its seed alone.',
    ),
    withinProject(
      'bridge-to-ports-and-contract',
      '^src-main/bridge/',
      '^src-main/(bridge|ports)/|^src-shared/(contract|domain|fhir|limits)/',
      'The process boundary calls use cases through inbound ports; entry puts the engine behind them.',
    ),
    withinProject(
      'intake-to-ports-and-contract',
      '^src-main/intake/',
      '^src-main/(intake|ports)/|^src-shared/(contract|domain|fhir|limits)/',
      'The ways in call use cases through inbound ports; entry puts the engine behind them.',
    ),
    withinProject(
      'ehr-to-ports-and-shared',
      '^src-main/ehr/',
      '^(src-main/(ehr|ports)|src-shared)/',
      'A driven side knows no other.',
    ),
    withinProject(
      'ledger-to-ports-and-shared',
      '^src-main/ledger/',
      '^(src-main/(ledger|ports)|src-shared)/',
      'A driven side knows no other.',
    ),
    withinProject(
      'identity-to-ports-and-shared',
      '^src-main/identity/',
      '^(src-main/(identity|ports)|src-shared)/',
      'A driven side knows no other.',
    ),
    withinProject(
      'platform-to-ports-and-shared',
      '^src-main/platform/',
      '^(src-main/(platform|ports)|src-shared)/',
      'A driven side knows no other.',
    ),
    withinProject(
      'practice-ehr-to-shared',
      '^src-main/practice-ehr/',
      '^(src-main/practice-ehr|src-shared)/',
      'The practice EHR stands for a foreign system: sharing code with the side that writes to it would hide faults of both.',
    ),
    {
      name: 'adapter-to-kit',
      comment: 'Of the ehr area an adapter sees the kit alone, and the kit sees no adapter: one vendor must not lean on another.',
      severity: 'error',
      from: { path: '^src-main/ehr/([^/]+)/', pathNot: TEST },
      to: { path: '^src-main/ehr/', pathNot: '^src-main/ehr/($1|kit)/' },
    },
    {
      name: 'nothing-imports-entry',
      comment:
        'entry puts the parts together; whoever imports it pulls in everything. The script that publishes schemas reads those of the command line.',
      severity: 'error',
      from: { pathNot: `^src-main/entry/|^scripts/schemas\\.ts$|${TEST}` },
      to: { path: '^src-main/entry/' },
    },
    // In the rules about doors, $1 is the folder the importing file is in; for a file elsewhere it stays as it is and matches nothing.
    {
      name: 'door-of-shared',
      comment: 'From outside, a folder of src-shared is imported through its index.ts.',
      severity: 'error',
      from: { path: '^src-shared/([^/]+)/|^.', pathNot: TEST },
      to: { path: '^src-shared/', pathNot: '^src-shared/(?:$1/|[^/]+/index\\.ts$)' },
    },
    {
      name: 'door-of-main',
      comment: 'From outside, an area of src-main is imported through its index.ts, or that of its inner area.',
      severity: 'error',
      from: { path: '^src-main/([^/]+)/|^.', pathNot: TEST },
      to: { path: '^src-main/', pathNot: `^src-main/(?:$1/|entry/|[^/]+/index\\.ts$|(?:${NESTED})/[^/]+/index\\.ts$)` },
    },
    {
      name: 'door-of-inner-area',
      comment: 'Inside these areas too, each folder is imported through its index.ts.',
      severity: 'error',
      from: { path: `^src-main/(${NESTED})/([^/]+)/|^src-main/(${NESTED})/.`, pathNot: TEST },
      to: { path: '^src-main/$1/[^/]+/', pathNot: '^src-main/$1/(?:$2/|[^/]+/index\\.ts$)' },
    },
    {
      name: 'known-areas',
      comment: 'A new area of src-main needs its direction here first; without one it would see everything.',
      severity: 'error',
      from: { path: '^src-main/', pathNot: `^src-main/(?:${AREAS})/` },
      to: {},
    },
    {
      name: 'resources-are-read',
      comment: 'resources is data: read as files, checked on reading, never part of the program.',
      severity: 'error',
      from: { pathNot: TEST },
      to: { path: '^resources/' },
    },
    {
      name: 'no-testing-code-in-the-product',
      comment: 'Tests may look anywhere, so the product must not reach anything through them.',
      severity: 'error',
      from: { path: '^src-', pathNot: TEST },
      to: { path: TEST },
    },
    {
      name: 'no-circular-imports',
      comment: 'Two files that need each other are one file, or hide a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
  ],
  options: {
    doNotFollow: { path: '(^|/)node_modules/' },
    // Types count as imports: a direction holds for what a file knows, not only for what it runs.
    tsPreCompilationDeps: true,
    parser: 'tsc',
    // A way around `import` that would hide Node from the rules.
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'types', 'node', 'default'] },
  },
};
