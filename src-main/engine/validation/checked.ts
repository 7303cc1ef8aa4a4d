import type { EngineDeps } from '../deps.ts';
import type { EventSource } from '../event-source.ts';
import type { ClinicNorms } from './clinic-norms.ts';
import type { ListReader } from './compare-chart.ts';
import type { SubjectReader } from './resolve-subject.ts';
import {
  afterFailedCheck,
  failureOf,
  type ConsentDecision,
  type FailureCode,
  type Finding,
  type Held,
  type NormalizedRecord,
  type PreparedRecord,
  type ResolvedFacts,
  type WriteApproval,
  type WriteRow,
  type WriteState,
} from '../../../src-shared/domain/index.ts';

export interface Checker {
  readonly deps: EngineDeps;
  readonly events: EventSource;
  readonly subjects: SubjectReader & ListReader;
  readonly norms: ClinicNorms;
}

/** Where a check leaves a write, and on what that rests. */
export interface Checked {
  readonly moves: readonly WriteState[];
  readonly approval?: WriteApproval | null;
  readonly prepared: PreparedRecord | null;
  readonly findings: readonly Finding[];
  readonly facts: ResolvedFacts | null;
  readonly normalized?: NormalizedRecord;
  readonly consent?: ConsentDecision;
  /** The write that has to be settled first. */
  readonly follows?: WriteRow;
}

export function stop(code: FailureCode, message: string, path: string): Checked {
  const failure = failureOf(code);
  return {
    moves: [{ name: 'failed-terminal', code }],
    prepared: null,
    findings: [{ rule: code, severity: 'stop', path, message, next: failure.next }],
    facts: null,
  };
}

export function held(code: FailureCode, because?: Held): Checked {
  const reason = because === undefined ? {} : { reason: because.because };
  return {
    moves: [
      { name: 'held', hold: { code, liftedBy: because?.liftedBy ?? 'integration-administrator', ...reason }, resume: 'draft' },
    ],
    prepared: null,
    findings: [],
    facts: null,
  };
}

export function wait(deps: EngineDeps, row: WriteRow, code: FailureCode, retryAfterMs: number | null): Checked {
  const looks = row.state.name === 'draft' ? row.state.looks : 0;
  const state = afterFailedCheck(looks, code, deps.clock.now(), deps.random.fraction(), retryAfterMs);
  return { moves: [state], prepared: null, findings: [], facts: null };
}
