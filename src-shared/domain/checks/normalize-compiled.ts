import type { z } from 'zod';
import type { normalizationRule, normalizationRules } from './normalize-rules.ts';

export type Rule = z.infer<typeof normalizationRule>;
type RuleOf<K extends Rule['kind']> = Extract<Rule, { kind: K }>;

/** The rules ready for use, by what they look at. */
export interface Normalization {
  readonly version: string;
  readonly systems: ReadonlyMap<string, RuleOf<'code-system'>>;
  readonly codes: readonly { readonly rule: RuleOf<'code'>; readonly expression: RegExp }[];
  readonly texts: readonly { readonly rule: RuleOf<'text'>; readonly terms: ReadonlyMap<string, readonly string[]> }[];
  readonly unit: { readonly any: RuleOf<'unit'> | null; readonly code: RuleOf<'unit'> | null };
  readonly time: RuleOf<'time'> | null;
  readonly classes: readonly { readonly rule: RuleOf<'class'>; readonly expression: RegExp | null }[];
}

/** @throws SyntaxError when a pattern is no regular expression */
export function compileNormalization({ version, rules }: z.infer<typeof normalizationRules>): Normalization {
  const of = <K extends Rule['kind']>(kind: K): readonly RuleOf<K>[] =>
    rules.filter((rule): rule is RuleOf<K> => rule.kind === kind);
  const unit = (context: 'any' | 'code') => of('unit').find((rule) => rule.context === context) ?? null;
  return {
    version,
    systems: new Map(of('code-system').flatMap((rule) => rule.from.map((name) => [name, rule] as const))),
    codes: of('code').map((rule) => ({ rule, expression: new RegExp(rule.pattern, 'u') })),
    texts: of('text').map((rule) => ({ rule, terms: new Map(Object.entries(rule.terms)) })),
    unit: { any: unit('any'), code: unit('code') },
    time: of('time')[0] ?? null,
    classes: of('class').map((rule) => ({
      rule,
      expression: rule.pattern === undefined ? null : new RegExp(rule.pattern, 'iu'),
    })),
  };
}
