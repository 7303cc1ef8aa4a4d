import type { EngineDeps } from '../deps.ts';
import type { EntryDraft, Expected } from '../../ports/outbound/index.ts';
import { patientNames, type Actor, type RecordedConsent } from '../../../src-shared/domain/index.ts';

/** Keys of the patients whose consents a commit records. */
export function patientsOf({ expected }: { readonly expected: readonly Expected[] }): readonly string[] {
  return expected.map((one) => one.key);
}

/** What must be committed for a patient's consents to be known from now on; nothing when there are none. */
export async function recordConsents(
  deps: Pick<EngineDeps, 'ledger' | 'clock' | 'pseudonym'>,
  tenant: string,
  patient: Parameters<typeof patientNames>[0],
  consents: readonly RecordedConsent[],
  actor: Actor,
  correlation: string,
): Promise<{
  readonly expected: readonly Expected[];
  readonly entries: readonly EntryDraft[];
  /** What is on record of the patient, under any of the names. */
  readonly before: readonly RecordedConsent[];
}> {
  const patients = patientNames(patient).map((name) => deps.pseudonym(tenant, name));
  const [first] = patients;
  if (consents.length === 0 || first === undefined) return { expected: [], entries: [], before: [] };
  const rows = await Promise.all(
    [...new Set(patients)].map(async (key) => ({ key, row: await deps.ledger.row('consent', tenant, key) })),
  );
  const expected = rows.map(({ key, row }): Expected => ({ kind: 'consent', key, version: row?.version ?? 0 }));
  return {
    before: rows.flatMap(({ row }) => row?.consents ?? []),
    expected,
    entries: [
      {
        type: 'consent.recorded',
        stream: `consent/${first}`,
        at: deps.clock.now(),
        actor,
        patientKey: first,
        correlation,
        body: { patients: expected.map((one) => one.key), consents },
      },
    ],
  };
}
