/** Invariants by their numbers (docs/simulation.md says what each is). */
export type Invariant = `INV-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 17 | 18 | 19 | 20}`;

export interface Violation {
  readonly invariant: Invariant;
  readonly message: string;
  /** Monotonic time of the simulated machine, in milliseconds. */
  readonly atMs: number;
}
