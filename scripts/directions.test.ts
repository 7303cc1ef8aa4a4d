import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkDirections, complaints, ruleNames } from './directions.ts';

// A small house in good order: every area with its door, and every kind of import that is allowed.
const house: Readonly<Record<string, string>> = {
  'node_modules/zod/package.json': '{ "name": "zod", "version": "4.0.0", "type": "module", "exports": "./index.js" }',
  'node_modules/zod/index.js': 'export const z = 1;',
  'node_modules/undici/package.json': '{ "name": "undici", "version": "8.0.0", "type": "module", "exports": "./index.js" }',
  'node_modules/undici/index.js': 'export const request = 1;',
  'resources/vendors.json': '{}',
  'src-shared/domain/index.ts': "export * from './event.ts';",
  'src-shared/domain/event.ts':
    "import { z } from 'zod';\nimport sizes from './sizes.json' with { type: 'json' };\nexport const event = [z, sizes];",
  'src-shared/domain/sizes.json': '{}',
  'src-shared/contract/index.ts': "import { event } from '../domain/index.ts';\nexport const contract = event;",
  'src-shared/audit/index.ts': 'export const leaf = 1;',
  'src-shared/audit/tree.ts': 'export const tree = 1;',
  'src-main/ports/outbound/index.ts': "export type { Clock } from './clock.ts';",
  'src-main/ports/outbound/clock.ts': 'export interface Clock { now: number }',
  'src-main/ports/inbound/index.ts':
    "import type { Clock } from '../outbound/index.ts';\nexport interface Intake { clock: Clock }",
  'src-main/engine/index.ts': "export { outbox } from './outbox/send.ts';",
  'src-main/engine/outbox/send.ts':
    "import type { Clock } from '../../ports/outbound/index.ts';\nimport { leaf } from '../../../src-shared/audit/index.ts';\nexport const outbox = (clock: Clock) => [clock, leaf];",
  'src-main/bridge/index.ts':
    "import type { Intake } from '../ports/inbound/index.ts';\nimport { contract } from '../../src-shared/contract/index.ts';\nexport const bridge = (intake: Intake) => [intake, contract];",
  'src-main/intake/index.ts':
    "import { watch } from 'node:fs';\nimport type { Intake } from '../ports/inbound/index.ts';\nexport const ways = (intake: Intake) => [intake, watch];",
  'src-main/ehr/index.ts': "export { adapter } from './generic-r4/index.ts';",
  'src-main/ehr/kit/index.ts': "export { http } from './http.ts';",
  'src-main/ehr/kit/http.ts': "import { request } from 'undici';\nexport const http = request;",
  'src-main/ehr/generic-r4/index.ts': "import { http } from '../kit/index.ts';\nexport const adapter = http;",
  'src-main/ehr/other-r4/index.ts': 'export const other = 1;',
  'src-main/ledger/index.ts': "export { rows } from './sqlite/index.ts';",
  'src-main/ledger/sqlite/index.ts': "export { rows } from './rows.ts';",
  'src-main/ledger/sqlite/rows.ts': 'export const rows = 1;',
  'src-main/ledger/migrations/index.ts': 'export const migrations = 1;',
  'src-main/identity/index.ts': 'export const people = 1;',
  'src-main/platform/index.ts': "import os from 'node:os';\nexport const platform = os.platform;",
  'src-main/platform/paths.ts': 'export const paths = 1;',
  'src-main/practice-ehr/index.ts':
    "import { createServer } from 'node:http';\nimport { contract } from '../../src-shared/contract/index.ts';\nexport const practice = [createServer, contract];",
  'src-main/simulation/index.ts': "import { outbox } from '../engine/index.ts';\nexport const simulation = outbox;",
  'src-main/entry/cli.ts':
    "import { adapter } from '../ehr/index.ts';\nimport { rows } from '../ledger/sqlite/index.ts';\nimport { practice } from '../practice-ehr/index.ts';\nexport const cli = [adapter, rows, practice];",
  'src-main/engine/outbox/send.test.ts': "import { rows } from '../../ledger/sqlite/rows.ts';\nexport const test = rows;",
  'src-main/engine/testing/faulty.ts': "import { rows } from '../../ledger/sqlite/rows.ts';\nexport const faulty = rows;",
  'src-renderer/app/index.ts': "import { contract } from '../../src-shared/contract/index.ts';\nexport const app = contract;",
  'bench/run.ts': "import { simulation } from '../src-main/simulation/index.ts';\nexport const run = simulation;",
};

// Each row adds one line to one file of the house (or makes the file) and names the one rule that must object.
const planted: readonly (readonly [rule: string, file: string, target: string])[] = [
  ['shared-is-pure', 'src-shared/domain/event.ts', 'node:crypto'],
  ['shared-is-pure', 'src-shared/domain/event.ts', 'undici'],
  ['shared-is-pure', 'src-shared/domain/event.ts', '../../src-main/identity/index.ts'],
  ['renderer-to-shared', 'src-renderer/app/index.ts', '../../src-main/identity/index.ts'],
  ['renderer-to-shared', 'src-renderer/app/index.ts', 'node:fs'],
  ['ports-to-shared', 'src-main/ports/outbound/clock.ts', '../../identity/index.ts'],
  ['ports-to-shared', 'src-main/ports/outbound/clock.ts', 'node:timers'],
  ['engine-to-ports-and-shared', 'src-main/engine/outbox/send.ts', '../../ledger/index.ts'],
  ['engine-to-ports-and-shared', 'src-main/engine/outbox/send.ts', 'node:fs'],
  ['engine-to-ports-and-shared', 'src-main/engine/outbox/send.ts', 'fs'],
  ['engine-to-ports-and-shared', 'src-main/engine/outbox/send.ts', 'zod'],
  ['engine-to-ports-and-shared', 'src-main/engine/outbox/send.ts', 'not-installed'],
  ['simulation-to-engine-ports-and-shared', 'src-main/simulation/index.ts', '../ledger/index.ts'],
  ['simulation-to-engine-ports-and-shared', 'src-main/simulation/index.ts', 'node:timers'],
  ['bridge-to-ports-and-contract', 'src-main/bridge/index.ts', '../engine/index.ts'],
  ['bridge-to-ports-and-contract', 'src-main/bridge/index.ts', '../../src-shared/audit/index.ts'],
  ['intake-to-ports-and-contract', 'src-main/intake/index.ts', '../bridge/index.ts'],
  ['intake-to-ports-and-contract', 'src-main/intake/index.ts', '../../src-shared/audit/index.ts'],
  ['ehr-to-ports-and-shared', 'src-main/ehr/kit/http.ts', '../../platform/index.ts'],
  ['ehr-to-ports-and-shared', 'src-main/ehr/kit/http.ts', '../../engine/index.ts'],
  ['ledger-to-ports-and-shared', 'src-main/ledger/sqlite/rows.ts', '../../ehr/index.ts'],
  ['identity-to-ports-and-shared', 'src-main/identity/index.ts', '../ledger/index.ts'],
  ['platform-to-ports-and-shared', 'src-main/platform/index.ts', '../identity/index.ts'],
  ['practice-ehr-to-shared', 'src-main/practice-ehr/index.ts', '../ports/outbound/index.ts'],
  ['practice-ehr-to-shared', 'src-main/practice-ehr/index.ts', '../ehr/kit/index.ts'],
  ['adapter-to-kit', 'src-main/ehr/generic-r4/index.ts', '../other-r4/index.ts'],
  ['adapter-to-kit', 'src-main/ehr/kit/http.ts', '../other-r4/index.ts'],
  ['nothing-imports-entry', 'bench/run.ts', '../src-main/entry/cli.ts'],
  ['door-of-shared', 'src-main/entry/cli.ts', '../../src-shared/audit/tree.ts'],
  ['door-of-shared', 'src-shared/contract/index.ts', '../audit/tree.ts'],
  ['door-of-main', 'src-main/entry/cli.ts', '../platform/paths.ts'],
  ['door-of-main', 'src-main/entry/cli.ts', '../ledger/sqlite/rows.ts'],
  ['door-of-main', 'src-main/simulation/index.ts', '../engine/outbox/send.ts'],
  ['door-of-main', 'src-main/engine/outbox/send.ts', '../../ports/outbound/clock.ts'],
  ['door-of-inner-area', 'src-main/ehr/other-r4/index.ts', '../kit/http.ts'],
  ['door-of-inner-area', 'src-main/ledger/migrations/index.ts', '../sqlite/rows.ts'],
  ['door-of-inner-area', 'src-main/ledger/index.ts', './sqlite/rows.ts'],
  ['door-of-inner-area', 'src-main/ports/inbound/index.ts', '../outbound/clock.ts'],
  ['known-areas', 'src-main/helpers/index.ts', '../identity/index.ts'],
  ['resources-are-read', 'src-main/entry/cli.ts', '../../resources/vendors.json'],
  ['no-testing-code-in-the-product', 'src-main/engine/index.ts', './testing/faulty.ts'],
  ['no-circular-imports', 'src-main/engine/outbox/send.ts', '../index.ts'],
];

let work = '';
let trees = 0;

function build(files: Readonly<Record<string, string>>, into: string): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(into, file)), { recursive: true });
    writeFileSync(path.join(into, file), `${text}\n`);
  }
}

/** A copy of the house with these files changed; each its own folder, since the resolver remembers paths. */
function houseWith(changes: Readonly<Record<string, string>>): string {
  trees += 1;
  const copy = path.join(work, `house-${trees}`);
  cpSync(path.join(work, 'house'), copy, { recursive: true });
  build(changes, copy);
  return copy;
}

beforeAll(() => {
  work = mkdtempSync(path.join(tmpdir(), 'countersign-directions-'));
  build(
    { 'package.json': '{ "name": "house", "type": "module", "dependencies": { "zod": "4.0.0", "undici": "8.0.0" } }', ...house },
    path.join(work, 'house'),
  );
});
afterAll(() => {
  rmSync(work, { recursive: true, force: true });
});

describe('import directions', () => {
  it('finds nothing wrong in a house in good order', async () => {
    const { modules, violations } = await checkDirections(path.join(work, 'house'));
    expect(violations).toEqual([]);
    expect(modules).toBeGreaterThan(25);
    expect(complaints(modules, violations)).toEqual([]);
  });

  it.each(planted)('%s objects to %s importing %s', async (rule, file, target) => {
    const tree = houseWith({ [file]: `${house[file] ?? ''}\nexport * as planted from '${target}';` });
    const { modules, violations } = await checkDirections(tree);
    expect([...new Set(violations.map((violation) => violation.rule))]).toEqual([rule]);
    expect(complaints(modules, violations).join('\n')).toContain(`${rule}: `);
  });

  it('counts the import of a type', async () => {
    const tree = houseWith({ 'src-main/engine/index.ts': "import type { Stats } from 'node:fs';\nexport type S = Stats;" });
    const { violations } = await checkDirections(tree);
    expect(violations.map((violation) => violation.rule)).toEqual(['engine-to-ports-and-shared']);
  });

  it('has planted an import against every rule', () => {
    expect([...new Set(planted.map(([rule]) => rule))].sort()).toEqual([...ruleNames].sort());
  });

  it('takes an empty project for a failure', async () => {
    const empty = path.join(work, 'empty');
    mkdirSync(path.join(empty, 'src-main'), { recursive: true });
    const { modules, violations } = await checkDirections(empty);
    expect(modules).toBe(0);
    expect(complaints(modules, violations)).toHaveLength(1);
  });
});
