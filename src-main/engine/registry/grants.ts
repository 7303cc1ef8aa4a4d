import type { EngineDeps } from '../deps.ts';
import type { Grants } from '../../ports/inbound/index.ts';
import { decideGrant, workspaceLog } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** Giving people roles, with or without an end, and taking them away (G3). It counts from the next thing they do. */
export function grants(deps: Pick<EngineDeps, 'ledger' | 'clock' | 'random'>): Grants {
  const { ledger, clock } = deps;
  return {
    async change(id, change, reason, by, actor) {
      for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
        const person = await ledger.row('person', workspaceLog, id);
        if (person === undefined) return { ok: false, code: 'person-unknown', message: `there is no person "${id}"` };
        const at = clock.now();
        const decided = decideGrant(person, change, by.id, reason, at);
        if (!decided.ok) return decided;
        const { roles, rolesUntil } = decided;
        const done = await ledger.commit({
          tenant: workspaceLog,
          expected: [{ kind: 'person', key: id, version: person.version }],
          entries: [
            {
              ...{ type: 'person.changed', stream: `person/${id}`, at, actor, patientKey: null },
              correlation: deps.random.id(),
              body: { id, roles, rolesUntil, reason },
            },
          ],
        });
        if (done.ok) return { ok: true, person: { ...person, roles, rolesUntil } };
      }
      throw new Error(`the person ${id} kept changing while a role was given or taken`);
    },
  };
}
