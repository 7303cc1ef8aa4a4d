import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { packagesToInstall, projectRoot } from './ensure-installed.mjs';
import { node24Path, platformPackage, stripsTypes } from './with-node.mjs';

describe('stripsTypes', () => {
  it.each([
    ['20.20.2', false],
    ['22.17.9', false],
    ['22.18.0', true],
    ['23.5.0', false],
    ['23.6.0', true],
    ['24.0.0', true],
    ['26.1.0', true],
  ])('%s: %s', (version, expected) => {
    expect(stripsTypes(version)).toBe(expected);
  });
});

describe('platformPackage', () => {
  it.each([
    ['linux', 'x64'],
    ['linux', 'arm64'],
    ['darwin', 'x64'],
    ['darwin', 'arm64'],
    ['win32', 'x64'],
  ])('names a package that package.json asks for on %s %s', async (platform, arch) => {
    const { default: manifest } = await import('../package.json', { with: { type: 'json' } });
    expect(Object.keys(manifest.optionalDependencies)).toContain(platformPackage(platform, arch)?.name);
  });

  it('has none for other systems', () => {
    expect(platformPackage('sunos', 'x64')).toBeNull();
  });
});

describe('node24Path', () => {
  it('is a Node 24', () => {
    expect(spawnSync(node24Path() ?? '', ['--version'], { encoding: 'utf8' }).stdout).toMatch(/^v24\./);
  });
});

describe('packagesToInstall', () => {
  const lockfile = {
    packages: { '': {}, 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0', optional: true } },
  };

  it.each([
    ['nothing installed', null, ['node_modules/a']],
    [
      'everything installed',
      { packages: { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '2.0.0' } } },
      [],
    ],
    ['an optional package left out', { packages: { 'node_modules/a': { version: '1.0.0' } } }, []],
    ['another version', { packages: { 'node_modules/a': { version: '1.0.1' } } }, ['node_modules/a']],
    [
      'another version of an optional one',
      { packages: { 'node_modules/a': { version: '1.0.0' }, 'node_modules/b': { version: '1.0.0' } } },
      ['node_modules/b'],
    ],
  ])('%s', (_name, installed, expected) => {
    expect(packagesToInstall(lockfile, installed)).toEqual(expected);
  });
});

describe('the scripts themselves', () => {
  let folder = '';
  // A project of its own with nothing in it to install, and this Node standing in for the packaged one.
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'countersign-node-'));
    for (const file of ['ensure-installed.mjs', 'with-node.mjs', 'countersign.mjs']) {
      cpSync(path.join(projectRoot, 'scripts', file), path.join(folder, 'scripts', file));
    }
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
    mkdirSync(path.join(folder, 'out/main'), { recursive: true });
  });
  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  const run = (...args: string[]): { status: number | null; stdout: string; stderr: string } =>
    spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });

  it('with-node runs TypeScript as the main module, with its arguments and its exit code', () => {
    writeFileSync(
      path.join(folder, 'main.ts'),
      'const code: number = 5;\nprocess.stdout.write(JSON.stringify([process.argv[1] === import.meta.filename, process.argv.slice(2)]));\nprocess.exitCode = code;\n',
    );
    expect(run('scripts/with-node.mjs', 'main.ts', 'a', '--b')).toMatchObject({ status: 5, stdout: '[true,["a","--b"]]' });
  });

  it('with-node runs CommonJS as the main module', () => {
    writeFileSync(path.join(folder, 'main.cjs'), 'process.stdout.write(String(require.main === module));');
    expect(run('scripts/with-node.mjs', 'main.cjs')).toMatchObject({ status: 0, stdout: 'true' });
  });

  it('with-node without a script says how it is used', () => {
    expect(run('scripts/with-node.mjs')).toMatchObject({ status: 2 });
  });

  it('countersign says when it is not built', () => {
    const { status, stderr } = run('scripts/countersign.mjs', 'status');
    expect(status).toBe(2);
    expect(stderr).toContain('run "npm run build" first');
  });

  it('countersign hands over its arguments and the exit code', () => {
    writeFileSync(
      path.join(folder, 'out/main/cli.js'),
      'process.stdout.write(process.argv.slice(2).join(" "));\nprocess.exitCode = 3;\n',
    );
    expect(run('scripts/countersign.mjs', 'status', '--json')).toMatchObject({ status: 3, stdout: 'status --json' });
  });
});
