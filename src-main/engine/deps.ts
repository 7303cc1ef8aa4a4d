import type { Clock, Definitions, EhrGateways, Ledger, Log, Random, Timers } from '../ports/outbound/index.ts';
import type { Actor, ContractMatrix, Sha256 } from '../../src-shared/domain/index.ts';

/** Everything the engine needs from outside. Built once, by entry. */
export interface EngineDeps {
  readonly ledger: Ledger;
  readonly gateways: EhrGateways;
  readonly definitions: Definitions;
  readonly matrix: ContractMatrix;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly sha256: Sha256;
  /** Keyed pseudonym of a text inside a tenant; not reversible without the workspace's key. */
  readonly pseudonym: (tenant: string, text: string) => string;
  readonly log: Log;
  /** Names this run of the engine in the log and on writes in flight. */
  readonly engineId: string;
  /** How long a connection's search may lag behind its commits. */
  readonly searchSettleMs: number;
}

export function engineActor(deps: Pick<EngineDeps, 'engineId'>): Actor {
  return { kind: 'engine', id: deps.engineId };
}
