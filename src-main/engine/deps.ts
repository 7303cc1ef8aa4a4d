import type { Alarm, Clock, Definitions, EhrGateways, Ledger, Log, Random, Timers } from '../ports/outbound/index.ts';
import type { Actor, CheckRules, ClockJudged, ConsentPolicy, ContractMatrix, Sha256 } from '../../src-shared/domain/index.ts';

/** Everything the engine needs from outside. Built once, by entry. */
export interface EngineDeps {
  readonly ledger: Ledger;
  readonly gateways: EhrGateways;
  readonly definitions: Definitions;
  /** The contract matrix that is shipped; in force until the workspace approves another (`policy/in-force`). */
  readonly matrix: ContractMatrix;
  /** The organization's consent policy that is shipped; as above. */
  readonly consentPolicy: ConsentPolicy;
  /** The rules of the content checks (`resources/checks`), ready for use. */
  readonly checks: CheckRules;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly sha256: Sha256;
  /** Keyed pseudonym of a text inside a tenant; not reversible without the workspace's key. */
  readonly pseudonym: (tenant: string, text: string) => string;
  readonly log: Log;
  /** Names this run of the engine in the log and on writes in flight. */
  readonly engineId: string;
  /**
   * Set where other engines may work on the same ledger. Else this one is alone: whoever starts it holds the lock of the
   * workspace, so that every earlier engine is known to be dead.
   */
  readonly sharesLedger?: boolean;
  /** How long a connection's search may lag behind its commits. */
  readonly searchSettleMs: number;
  /** Where it is noted that the engine stopped by itself; missing where nothing outlives the process. */
  readonly alarm?: Alarm;
  /** Why the clock cannot be trusted now; set by the running engine, which watches it. */
  readonly clockUnsafe?: () => string | null;
  /** How the clock stands and what that rests on; as above. */
  readonly clockJudged?: () => Omit<ClockJudged, 'engine'> | null;
}

export function engineActor(deps: Pick<EngineDeps, 'engineId'>): Actor {
  return { kind: 'engine', id: deps.engineId };
}
