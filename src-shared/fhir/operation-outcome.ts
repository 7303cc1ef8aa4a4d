import { asArray, asObject, asString } from './exact-json.ts';
import type { ExactObject } from './exact-json.ts';

/** One `OperationOutcome.issue` (R4, https://hl7.org/fhir/R4/operationoutcome.html). */
export interface OutcomeIssue {
  readonly severity: string;
  readonly code: string;
  /** The server's own words, `details.text` before `diagnostics`; empty when it gave none. */
  readonly text: string;
  readonly expressions: readonly string[];
}

/** The issues of an OperationOutcome, or `undefined` when the resource is something else. */
export function outcomeIssues(resource: ExactObject): readonly OutcomeIssue[] | undefined {
  if (resource.resourceType !== 'OperationOutcome') return undefined;
  return asArray(resource.issue).flatMap((one) => {
    const issue = asObject(one);
    if (issue === undefined) return [];
    const details = asObject(issue.details);
    return [
      {
        severity: asString(issue.severity) ?? 'error',
        code: asString(issue.code) ?? 'unknown',
        text: asString(details?.text) ?? codingWords(details) ?? asString(issue.diagnostics) ?? '',
        expressions: [...asArray(issue.expression), ...asArray(issue.location)].filter((path) => typeof path === 'string'),
      },
    ];
  });
}

function codingWords(details: ExactObject | undefined): string | undefined {
  const coding = asObject(asArray(details?.coding)[0]);
  return asString(coding?.display) ?? asString(coding?.code);
}

/** True when an issue says that the request failed, whatever the status line says. An empty list says nothing good either. */
export function outcomeFailed(issues: readonly OutcomeIssue[]): boolean {
  return issues.length === 0 || issues.some((issue) => issue.severity === 'error' || issue.severity === 'fatal');
}

/** The issues in one line for people, cut to `charsMax`. */
export function describeOutcome(issues: readonly OutcomeIssue[], charsMax: number): string {
  const words = issues
    .map(({ severity, code, text, expressions }) => {
      const where = expressions.length > 0 ? ` at ${expressions.join(', ')}` : '';
      return `${severity} (${code})${where}${text === '' ? '' : `: ${text}`}`;
    })
    .join('; ');
  return words.length > charsMax ? `${words.slice(0, charsMax - 1)}…` : words;
}
