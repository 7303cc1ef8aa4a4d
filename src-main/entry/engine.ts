import path from 'node:path';
import { mkdirSync } from 'node:fs';
import { ConnectionGateways } from './gateways.ts';
import { defaultMatrix, type Workspace } from './workspace.ts';
import { fileLog, r4Definitions, sha256, systemClock, systemRandom, systemTimers } from '../platform/index.ts';
import type { EngineDeps } from '../engine/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

/** Everything the use cases need, on the real clock, network and disk. */
export interface Composition {
  readonly deps: EngineDeps;
  readonly gateways: ConnectionGateways;
  close(): Promise<void>;
}

export function compose(workspace: Workspace): Composition {
  const { paths, ledger } = workspace;
  mkdirSync(path.dirname(paths.engineLog), { recursive: true, mode: 0o700 });
  const gateways = new ConnectionGateways(ledger, paths.practiceChart);
  const deps: EngineDeps = {
    ledger,
    gateways,
    definitions: r4Definitions(),
    matrix: defaultMatrix(),
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    sha256,
    pseudonym: workspace.pseudonym,
    log: fileLog(paths.engineLog),
    engineId: systemRandom.id(),
    searchSettleMs: limits.searchSettleMs,
  };
  return {
    deps,
    gateways,
    close: async () => {
      await gateways.close();
      await workspace.close();
    },
  };
}
