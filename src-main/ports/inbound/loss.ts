/** What a ledger has lost, as it was found when it was opened. */
export interface AcceptedLoss {
  /** The logs that lost entries: how many they had and have, with the checkpoints that were signed over what is gone. */
  readonly logs: readonly {
    readonly tenant: string;
    readonly had: number;
    readonly has: number;
    readonly notes: readonly string[];
  }[];
  /** Entries that each log holds, by tenant. */
  readonly sizes: Readonly<Record<string, number>>;
}

/** Writes that were looked for in the chart after a loss: found and attached, not there, or not to be told. */
export interface LossLooked {
  readonly looked: number;
  readonly found: number;
  readonly absent: number;
  readonly unclear: number;
}
