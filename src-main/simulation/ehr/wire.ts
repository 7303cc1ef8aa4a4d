import type { ExactObject } from '../../../src-shared/fhir/index.ts';

/** What an exchange was for; a fault is counted against the state of the write it was for. */
export type Purpose = 'look-up' | 'send' | 'find' | 'read';

/** One request as it left the console. */
export interface WireRequest {
  /** Number in the order of leaving, over all connections. */
  readonly number: number;
  readonly connection: string;
  readonly process: string;
  readonly purpose: Purpose;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** Monotonic time at which it left. */
  readonly at: number;
  /** Monotonic time at which the EHR last answered it; `null`: it has not arrived. */
  answeredAt: number | null;
}

export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** `cut`: the connection broke before the whole of it had come. */
  readonly body: ExactObject | 'cut' | null;
}

/** What a console learns of a request: an answer, or how it was lost. `refused`, `not signed in`: no byte left. */
export type WireResult = { readonly answer: WireAnswer } | { readonly lost: 'refused' | 'not signed in' | 'reset' | 'timeout' };

/** One change of a chart, as the EHR itself records it. */
export interface ChartEffect {
  readonly number: number;
  readonly connection: string;
  readonly at: number;
  /** Request that caused it; `null`: another author did. */
  readonly request: number | null;
  readonly reference: string;
  readonly versionId: string;
  /** Version that stood there before; `null` for a new resource. */
  readonly before: string | null;
  readonly resource: ExactObject;
  /** False once the EHR was put back to a time before it. */
  live: boolean;
}
