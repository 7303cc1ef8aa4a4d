// House rules that neither the compiler nor the linter can hold.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from './ensure-installed.mjs';

const topLevel = new Set([
  ...[
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'electron.vite.config.ts',
    'vitest.config.ts',
    'eslint.config.js',
    'stryker.config.json',
    'vitest.mutation.config.ts',
  ],
  ...['.prettierrc.json', '.prettierignore', '.dependency-cruiser.cjs', '.gitignore', '.npmrc', '.git', '.ci'],
  ...['src-main', 'src-renderer', 'src-shared', 'resources', 'e2e', 'docs', 'bench', 'scripts', 'README.md', 'CHANGELOG.md'],
  ...['node_modules', 'out', 'coverage'],
]);
const textFile = /\.(ts|tsx|mts|cts|js|jsx|mjs|cjs|json|ndjson|css|html|md|sh|sql|yml|yaml|txt)$|^\.ci\/|(^|\/)\.[^/]+$/;
const codeFile = /\.(ts|tsx|mts|cts|js|jsx|mjs|cjs|css|html|sh|sql)$|^\.ci\//;
const testFile = /\.test\.tsx?$|(^|\/)testing\/|^e2e\//;

/** What .gitignore leaves out of the repository: plain names, the only form used there. */
const ignored = new Set(
  read('.gitignore')
    .split('\n')
    .map((line) => line.trim().replace(/^\/|\/$/g, ''))
    .concat('.git'),
);

describe('vendor names', () => {
  const vendors = new RegExp(
    String.raw`(?<![a-z0-9])(epic|athena ?(health|one|practice)?|veradigm|allscripts|e ?clinical ?works|advanced ?md|oracle.?health|cerner)(?![a-z0-9])`,
    'i',
  );
  const allowed = /^src-main\/(ehr|practice-ehr)\/|^resources\/|^docs\/|^(README|CHANGELOG)\.md$/;

  /** Whether a text names a vendor, on its own or as a part of a longer name. */
  function namesVendor(text: string): boolean {
    // EpicAdapter and epic_adapter name a vendor as well: separate what a name runs together.
    return vendors.test(text) || vendors.test(text.replace(/([a-z0-9])([A-Z])/g, '$1 $2').replaceAll('_', ' '));
  }

  it.each([
    'Epic',
    'practice-epic',
    'the EPIC server',
    'EpicAdapter',
    'epic_token',
    'eClinicalWorksAdapter',
    'AthenaHealth',
    'oracle-health',
    'advancedmd',
  ])('sees one in "%s"', (text) => {
    expect(namesVendor(text)).toBe(true);
  });

  it.each(['epicenter', 'topical', 'concerned', 'an episode'])('sees none in "%s"', (text) => {
    expect(namesVendor(text)).toBe(false);
  });

  it('appear only where a vendor is the subject', () => {
    const found = files(textFile)
      .filter((file) => !allowed.test(file) && !testFile.test(file))
      .filter((file) => file !== 'package-lock.json' && namesVendor(`${file}\n${read(file)}`));
    expect(found).toEqual([]);
  });
});

describe('packages', () => {
  const manifest = JSON.parse(read('package.json')) as Record<string, Record<string, string> | undefined>;
  const wanted = Object.entries({
    ...manifest['dependencies'],
    ...manifest['devDependencies'],
    ...manifest['optionalDependencies'],
  });

  it('are asked for by exact version', () => {
    expect(wanted.filter(([, version]) => !/^(npm:(@[\w.-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  });

  it('each have their reason in the table of README.md', () => {
    const rows = existsSync(path.join(projectRoot, 'README.md'))
      ? read('README.md')
          .split('\n')
          .filter((line) => line.startsWith('|'))
      : [];
    const withReason = rows.filter((row) => row.split('|').filter((cell) => cell.trim() !== '').length >= 2);
    const named = (name: string): boolean => withReason.some((row) => row.split(/[^\w@/.-]+/).includes(name));
    expect(wanted.map(([name]) => name).filter((name) => !named(name))).toEqual([]);
  });

  it('are locked without the address they came from, so that any registry or mirror will do', () => {
    const addresses = read('package-lock.json').match(/"resolved": "https?:[^"]*"/g);
    expect(addresses ?? []).toEqual([]);
  });
});

describe('the repository', () => {
  it('has no leftover markers and nothing switched off', () => {
    // Joined from parts, so that this file does not find itself.
    const marks = [
      '\\bTO' + 'DO\\b',
      '\\bFIX' + 'ME\\b',
      '\\bX' + 'XX\\b',
      '\\.on' + 'ly\\(',
      '\\.sk' + 'ip\\(',
      'ts-' + 'ignore',
      'eslint-' + 'disable',
    ];
    const mark = new RegExp(marks.join('|'));
    const found = files(codeFile).flatMap((file) =>
      read(file)
        .split('\n')
        .flatMap((line, at) => (mark.test(line) ? [`${file}:${at + 1}: ${line.trim()}`] : [])),
    );
    expect(found).toEqual([]);
  });

  it('has only the expected entries at its top', () => {
    const unexpected = readdirSync(projectRoot).filter(
      (entry) => !topLevel.has(entry) && !ignored.has(entry) && !entry.endsWith('.tsbuildinfo'),
    );
    expect(unexpected).toEqual([]);
  });
});

/** The project's own files of a kind, as paths from its root. Walks the folders: a copy without git is checked all the same. */
function files(kind: RegExp, folder = ''): string[] {
  return readdirSync(path.join(projectRoot, folder), { withFileTypes: true }).flatMap((entry) => {
    const place = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (ignored.has(entry.name)) return [];
    if (entry.isDirectory()) return files(kind, place);
    return entry.isFile() && kind.test(place) ? [place] : [];
  });
}

function read(file: string): string {
  return readFileSync(path.join(projectRoot, file), 'utf8');
}
