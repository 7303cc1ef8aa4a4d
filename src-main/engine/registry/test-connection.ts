import type { EngineDeps } from '../deps.ts';
import type { TestConnection } from '../../ports/inbound/index.ts';
import { workspaceLog } from '../../../src-shared/domain/index.ts';

/** Asks a connection's server what it says about itself, and puts the answer on record. Writes nothing to the server. */
export function testConnection(deps: Pick<EngineDeps, 'ledger' | 'gateways' | 'clock' | 'random'>): TestConnection {
  return async (name, actor) => {
    if ((await deps.ledger.row('connection', workspaceLog, name)) === undefined) return undefined;
    const gateway = await deps.gateways.open(name);
    const report =
      'refused' in gateway
        ? { ok: false, fhirVersion: null, software: null, resources: {}, problems: [gateway.message] }
        : await gateway.test();
    await deps.ledger.commit({
      tenant: workspaceLog,
      expected: [],
      entries: [
        {
          type: 'connection.tested',
          stream: `connection/${name}`,
          at: deps.clock.now(),
          actor,
          patientKey: null,
          correlation: deps.random.id(),
          body: {
            ...{ connection: name, ok: report.ok, summary: report.problems.join('; ') },
            ...(report.software === null ? {} : { software: report.software }),
          },
        },
      ],
    });
    return report;
  };
}
