import type { EngineDeps } from '../deps.ts';
import type { EntryDraft } from '../../ports/outbound/index.ts';
import type { Emergency } from '../../ports/inbound/index.ts';
import { openEmergency, reviewEmergency, workspaceLog } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** Break-glass (G3): opening emergency access, seeing what it was used for, and reviewing it. */
export function emergency(deps: Pick<EngineDeps, 'ledger' | 'clock' | 'random' | 'log'>): Emergency {
  const { ledger, clock } = deps;
  return {
    async open(scope, reason, person, actor) {
      const connection = await ledger.row('connection', workspaceLog, scope.connection);
      if (connection === undefined || (connection.tenants !== null && !connection.tenants.includes(scope.tenant)))
        return { ok: false, code: 'scope-unknown', message: `"${scope.connection}" serves no tenant "${scope.tenant}"` };
      const write = scope.write === null ? undefined : await ledger.findWrite(scope.write);
      if (scope.write !== null && (write?.tenant !== scope.tenant || write.connection !== scope.connection))
        return { ok: false, code: 'scope-unknown', message: `"${scope.write}" is no write of that tenant and connection` };
      const at = clock.now();
      const id = deps.random.id();
      const decided = openEmergency(person, scope, reason, id, at, await ledger.rows('emergency'));
      if (!decided.ok) return decided;
      const opened: EntryDraft = {
        ...{ type: 'emergency.opened', stream: `emergency/${id}`, at, actor, patientKey: null, correlation: id },
        body: decided.access,
      };
      await ledger.commit({ tenant: scope.tenant, expected: [{ kind: 'emergency', key: id, version: 0 }], entries: [opened] });
      deps.log.write('warn', 'emergency-opened', { access: id });
      return { ok: true, access: { ...decided.access, version: 1, uses: [], review: null } };
    },

    async list() {
      return (await ledger.rows('emergency')).toSorted((one, other) => other.at - one.at);
    },

    async review(id, justified, words, person, actor) {
      for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
        const access = (await ledger.rows('emergency')).find((one) => one.id === id);
        if (access === undefined) return { ok: false, code: 'scope-unknown', message: `there is no emergency access "${id}"` };
        const at = clock.now();
        const decided = reviewEmergency(access, person, justified, words, at);
        if (!decided.ok) return decided;
        const { review } = decided;
        const reviewed: EntryDraft = {
          ...{ type: 'emergency.reviewed', stream: `emergency/${id}`, at, actor, patientKey: null, correlation: id },
          body: { id, review },
        };
        const expected = [{ kind: 'emergency', key: id, version: access.version }] as const;
        const done = await ledger.commit({ tenant: access.scope.tenant, expected, entries: [reviewed] });
        if (done.ok) return { ok: true, access: { ...access, version: access.version + 1, review } };
      }
      throw new Error(`the emergency access ${id} kept changing while it was reviewed`);
    },
  };
}
