import { OperationOutcomeError, getStatus } from '@medplum/core';
import type { OperationOutcome, OperationOutcomeIssue } from '@medplum/fhirtypes';

/** Codes of OperationOutcome.issue that this server uses (https://hl7.org/fhir/R4/valueset-issue-type.html). */
export type IssueCode =
  | 'invalid'
  | 'structure'
  | 'required'
  | 'value'
  | 'code-invalid'
  | 'invariant'
  | 'not-found'
  | 'deleted'
  | 'not-supported'
  | 'conflict'
  | 'multiple-matches'
  | 'too-long'
  | 'login'
  | 'security'
  | 'throttled'
  | 'transient'
  | 'exception'
  | 'processing'
  | 'informational';

export interface Issue {
  readonly severity: 'error' | 'warning' | 'information';
  readonly code: IssueCode;
  readonly text: string;
  /** FHIRPath of the element, or `http.<name>` for a parameter or header. */
  readonly expression?: string;
}

// The router hands outcomes back without the error that carried them, so the status is kept beside the outcome.
const statusByOutcome = new WeakMap<OperationOutcome, number>();

/** An answer that is not a success: the HTTP status and the OperationOutcome that goes with it. */
export class Refusal extends OperationOutcomeError {
  readonly status: number;

  constructor(status: number, issues: readonly Issue[]) {
    super(toOutcome(issues));
    this.name = 'Refusal';
    this.status = status;
    statusByOutcome.set(this.outcome, status);
  }
}

/** A Refusal with a single issue of severity error. */
export function refusal(status: number, code: IssueCode, text: string, expression?: string): Refusal {
  return new Refusal(status, [{ severity: 'error', code, text, ...(expression === undefined ? {} : { expression }) }]);
}

/** The HTTP status an outcome stands for. */
export function statusOf(outcome: OperationOutcome): number {
  return statusByOutcome.get(outcome) ?? getStatus(outcome);
}

/** An OperationOutcome resource (https://hl7.org/fhir/R4/operationoutcome.html). */
export function toOutcome(issues: readonly Issue[]): OperationOutcome {
  return {
    resourceType: 'OperationOutcome',
    issue: issues.map((issue): OperationOutcomeIssue => ({
      severity: issue.severity,
      code: issue.code,
      details: { text: issue.text },
      ...(issue.expression === undefined ? {} : { expression: [issue.expression] }),
    })),
  };
}
