// Checks the import directions of .dependency-cruiser.cjs over the whole project.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { cruise, type ICruiseResult, type IFlattenedRuleSet } from 'dependency-cruiser';
import { projectRoot } from './ensure-installed.mjs';

export interface Violation {
  readonly rule: string;
  readonly from: string;
  readonly to: string;
}

const roots = ['src-shared', 'src-main', 'src-renderer', 'scripts', 'bench', 'e2e'];
const { forbidden, options } = createRequire(import.meta.url)('../.dependency-cruiser.cjs') as {
  forbidden: NonNullable<IFlattenedRuleSet['forbidden']>;
  options: { enhancedResolveOptions: object };
};

export const ruleNames: readonly string[] = forbidden.map((rule) => rule.name ?? '');

/** All violations in a project folder, and how many of its own files were looked at. */
export async function checkDirections(
  baseDir: string,
): Promise<{ readonly modules: number; readonly violations: readonly Violation[] }> {
  const { enhancedResolveOptions, ...cruiseOptions } = options;
  const { output } = await cruise(
    roots.filter((root) => existsSync(path.join(baseDir, root))),
    { ...cruiseOptions, baseDir, validate: true, ruleSet: { forbidden } },
    // The resolver remembers what it saw; the rules' own test asks about several folders in one process.
    { ...enhancedResolveOptions, bustTheCache: true },
  );
  const { modules, summary } = output as ICruiseResult;
  return {
    modules: modules.filter((module) => /^src-/.test(module.source)).length,
    violations: summary.violations.map(({ rule, from, to }) => ({ rule: rule.name, from, to })),
  };
}

/** What is wrong, in words; empty when all is well. */
export function complaints(modules: number, violations: readonly Violation[]): string[] {
  // A parser that cannot read TypeScript finds no modules and therefore no violations: that is a failure, not a pass.
  if (modules === 0) return ['No source files were looked at, so nothing was checked.'];
  const why = new Map(forbidden.map((rule) => [rule.name, rule.comment]));
  return violations.map(({ rule, from, to }) => `${rule}: ${from} imports ${to}\n    ${why.get(rule) ?? ''}`);
}

if (process.argv[1] === import.meta.filename) {
  const { modules, violations } = await checkDirections(projectRoot);
  const found = complaints(modules, violations);
  for (const line of found) process.stderr.write(`${line}\n`);
  process.stdout.write(`${modules} source files, ${found.length} wrong ${found.length === 1 ? 'direction' : 'directions'}.\n`);
  if (found.length > 0) process.exitCode = 1;
}
