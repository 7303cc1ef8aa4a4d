import type { EngineDeps } from '../deps.ts';
import type { VerifyLog } from '../../ports/inbound/index.ts';
import { workspaceLog } from '../../../src-shared/domain/index.ts';

/** Checks the whole log: every leaf, proof, checkpoint and projection. That it was checked is on record too. */
export function verifyLog(deps: Pick<EngineDeps, 'ledger' | 'clock' | 'random'>): VerifyLog {
  return async (actor, signal, progress) => {
    const report = await deps.ledger.verify((done, total) => {
      signal.throwIfAborted();
      progress(done, total);
    });
    // A log that is found damaged is not written to: the finding would stand on the damage.
    if (!report.ok) return report;
    await deps.ledger.commit({
      tenant: workspaceLog,
      expected: [],
      entries: [
        {
          type: 'audit.verified',
          stream: 'audit',
          at: deps.clock.now(),
          actor,
          patientKey: null,
          correlation: deps.random.id(),
          body: { entries: report.entries, problems: 0 },
        },
      ],
    });
    return report;
  };
}
