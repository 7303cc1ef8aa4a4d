import path from 'node:path';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';
import { projectRoot } from './ensure-installed.mjs';

// The rules that need no types are enough here, and without the type checker a planted file need not exist on disk.
const eslint = new ESLint({
  cwd: projectRoot,
  overrideConfig: {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: false } },
    rules: {
      '@typescript-eslint/await-thenable': 'off',
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/no-misused-promises': 'off',
      '@typescript-eslint/switch-exhaustiveness-check': 'off',
    },
  },
});

async function rulesBroken(file: string, source: string): Promise<string[]> {
  const [result] = await eslint.lintText(`${source}\n`, { filePath: path.join(projectRoot, file) });
  return [...new Set(result?.messages.map((message) => message.ruleId ?? message.message))];
}

const globals = 'no-restricted-globals';
const properties = 'no-restricted-properties';
const imports = 'no-restricted-imports';
const syntax = 'no-restricted-syntax';

const impure: readonly (readonly [source: string, inShared: string, inEngine: string])[] = [
  ['export const now = new Date();', syntax, globals],
  ['export const now = Date.now();', syntax, globals],
  ['export const clock = Date;', syntax, globals],
  ['export const n = Math.random();', properties, properties],
  ['setTimeout(() => undefined, 5);', globals, globals],
  ['setInterval(() => undefined, 5);', globals, globals],
  ['setImmediate(() => undefined);', globals, globals],
  ['queueMicrotask(() => undefined);', globals, globals],
  ['export const signal = AbortSignal.timeout(5);', properties, properties],
  ["export const answer = fetch('http://127.0.0.1');", globals, globals],
  ['export const id = crypto.randomUUID();', globals, globals],
  ['export const id = globalThis.crypto;', globals, globals],
  ['export const folder = process.cwd();', globals, globals],
  ["export const bytes = Buffer.from('');", globals, globals],
  ["console.log('x');", globals, globals],
  ['export const t = performance.now();', globals, globals],
  ["export { readFileSync } from 'node:fs';", imports, imports],
  ["import { createHash } from 'node:crypto';\nexport const hash = createHash;", imports, imports],
];

describe('purity bans', () => {
  it.each(impure)('%s', async (source, inShared, inEngine) => {
    expect(await rulesBroken('src-shared/domain/planted.ts', source)).toEqual([inShared]);
    expect(await rulesBroken('src-main/engine/outbox/planted.ts', source)).toEqual([inEngine]);
    expect(await rulesBroken('src-main/simulation/planted.ts', source)).toEqual([inEngine]);
    expect(await rulesBroken('src-main/platform/planted.ts', source)).toEqual([]);
    expect(await rulesBroken('src-shared/domain/planted.test.ts', source)).toEqual([]);
    expect(await rulesBroken('src-main/engine/testing/planted.ts', source)).toEqual([]);
  });

  it('lets src-shared read dates, and only there', async () => {
    const source = "export const t = Date.parse('2026-03-02') + Date.UTC(2026, 1);";
    expect(await rulesBroken('src-shared/domain/planted.ts', source)).toEqual([]);
    expect(await rulesBroken('src-main/engine/planted.ts', source)).toEqual([globals]);
  });

  it.each(['window', 'document'])('keeps %s out of src-shared', async (name) => {
    expect(await rulesBroken('src-shared/domain/planted.ts', `export const page = ${name};`)).toEqual([globals]);
  });
});

describe('Electron', () => {
  const electron = '@typescript-eslint/no-restricted-imports';
  const value = "import { app } from 'electron';\nexport const name = app.name;";
  const type = "import type { App } from 'electron';\nexport const name = (app: App) => app.name;";
  const main = "export { app } from 'electron/main';";
  const anywhere = [electron];

  it.each([
    ['src-main/entry/electron.ts', [], [], []],
    ['src-main/bridge/electron/preload.ts', [], [], []],
    ['src-main/bridge/electron/passphrase-preload.ts', [], [], []],
    ['src-main/bridge/electron/ipc.ts', anywhere, [], anywhere],
    ['src-main/bridge/electron/ipc.test.ts', anywhere, [], anywhere],
    ['src-main/bridge/bridge.ts', anywhere, anywhere, anywhere],
    ['src-main/entry/console-host.ts', anywhere, anywhere, anywhere],
    ['src-main/platform/planted.ts', anywhere, anywhere, anywhere],
    ['src-main/engine/planted.ts', anywhere, anywhere, anywhere],
    ['src-shared/domain/planted.ts', anywhere, anywhere, anywhere],
    ['src-renderer/app/planted.ts', anywhere, anywhere, anywhere],
    ['scripts/planted.ts', anywhere, anywhere, anywhere],
  ])('is run and known where it must be: %s', async (file, asValue, asType, asMain) => {
    expect(await rulesBroken(file, value)).toEqual(asValue);
    expect(await rulesBroken(file, type)).toEqual(asType);
    expect(await rulesBroken(file, main)).toEqual(asMain);
  });

  it('does not mind packages whose names begin the same', async () => {
    expect(await rulesBroken('scripts/planted.ts', "export { build } from 'electron-vite';")).toEqual([]);
  });
});

describe('house style', () => {
  it.each([
    ['export default 1;', 'no-restricted-exports'],
    ['export const x: any = 1;', '@typescript-eslint/no-explicit-any'],
    ["export const x = 'a'.at(0)!;", '@typescript-eslint/no-non-null-assertion'],
    ["import { Stats } from './stats.ts';\nexport const x = (s: Stats) => s;", '@typescript-eslint/consistent-type-imports'],
    ['const unused = 1;', '@typescript-eslint/no-unused-vars'],
    [Array.from({ length: 501 }, (_, i) => `export const line${i} = ${i};`).join('\n'), 'max-lines'],
  ])('%.40s', async (source, rule) => {
    expect(await rulesBroken('src-main/platform/planted.ts', source)).toEqual([rule]);
  });

  it('allows a default export where a tool asks for one', async () => {
    expect(await rulesBroken('vitest.config.ts', 'export default {};')).toEqual([]);
  });
});
