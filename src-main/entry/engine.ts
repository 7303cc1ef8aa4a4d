import path from 'node:path';
import { mkdirSync } from 'node:fs';
import { ConnectionGateways } from './gateways.ts';
import { defaultChecks, defaultConsentPolicy, defaultMatrix, type Workspace } from './workspace.ts';
import { fileAlarm, fileLog, r4Definitions, sha256, systemClock, systemRandom, systemTimers } from '../platform/index.ts';
import type { TriageDeps } from '../engine/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

/** Everything the use cases need, on the real clock, network and disk. */
export interface Composition {
  readonly deps: TriageDeps;
  readonly gateways: ConnectionGateways;
  close(): Promise<void>;
}

/** @param mayHostPractice whether this process may run the practice EHR now; it lives in one process at a time */
export function compose(workspace: Workspace, mayHostPractice: () => boolean = () => true): Composition {
  const { paths, ledger } = workspace;
  mkdirSync(path.dirname(paths.engineLog), { recursive: true, mode: 0o700 });
  const gateways = new ConnectionGateways(ledger, paths, mayHostPractice);
  const deps: TriageDeps = {
    ledger,
    gateways,
    definitions: r4Definitions(),
    matrix: defaultMatrix(),
    consentPolicy: defaultConsentPolicy(),
    checks: defaultChecks(),
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    sha256,
    pseudonym: workspace.pseudonym,
    log: fileLog(paths.engineLog),
    alarm: fileAlarm(paths.alarm),
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
