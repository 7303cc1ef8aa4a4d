import type { EngineDeps } from '../deps.ts';
import { patientsOf, recordConsents } from '../policy/consents.ts';
import { reaskPatients, type ReaskDeps } from '../recovery/reask.ts';
import type { ConsentOutcome, Consents } from '../../ports/inbound/index.ts';
import { olderCopy, readConsent } from '../../../src-shared/domain/index.ts';
import { parseExact } from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** FHIR R4 Consent documents in and out (G1). Reading a patient's consents is on record like every reading (H1). */
export function consents(deps: ReaskDeps & Pick<EngineDeps, 'random'>): Consents {
  const { ledger } = deps;
  return {
    async record(tenant, text, actor): Promise<ConsentOutcome> {
      const parsed = parseExact(text, limits.jsonDepthMax);
      if (!parsed.ok) return { ok: false, code: 'consent-invalid', message: parsed.fault.message };
      const read = readConsent(parsed.value, deps.clock.now());
      if (!read.ok) return { ok: false, code: 'consent-invalid', message: read.message };
      for (let tries = 0; tries < limits.clashRetriesMax; tries += 1) {
        const recorded = await recordConsents(deps, tenant, read.patient, [read.consent], actor, deps.random.id());
        if (recorded.before.some((one) => olderCopy(read.consent, one)))
          return { ok: false, code: 'consent-older', message: OLDER };
        const { expected, entries } = recorded;
        if (!(await ledger.commit({ tenant, expected, entries })).ok) continue;
        await reaskPatients(deps, actor, patientsOf(recorded));
        return { ok: true, consent: read.consent };
      }
      throw new Error('the consents of this patient kept changing while one was recorded');
    },

    async of(tenant, patient, actor) {
      const key = deps.pseudonym(tenant, `patient ${patient}`);
      const row = await ledger.row('consent', tenant, key);
      await ledger.commit({
        tenant,
        expected: [],
        entries: [
          {
            type: 'record.viewed',
            stream: `consent/${key}`,
            at: deps.clock.now(),
            actor,
            patientKey: key,
            correlation: deps.random.id(),
            body: { what: 'consent', id: key },
          },
        ],
      });
      return row?.consents ?? [];
    },
  };
}

const OLDER = 'A newer version of this consent is on record. Nothing was changed.';
