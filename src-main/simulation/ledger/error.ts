/** What the simulated ledger rejects with: the name and codes by which callers know a ledger's errors. */
export class SimulatedLedgerError extends Error {
  readonly code: 'ledger-failed' | 'ledger-closed' | 'entry-refused';
  constructor(code: SimulatedLedgerError['code'], message: string) {
    super(message);
    this.name = 'LedgerError';
    this.code = code;
  }
}
