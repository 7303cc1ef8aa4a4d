import type { SeenEntry, WritePicture } from './picture.ts';
import { hospitals } from '../plan/people.ts';

/** What a patient's consent says, as a person recorded it: the newer document counts. */
interface SaidByPatient {
  /** The newest refusal that somebody was told is recorded, by its own order. */
  refused: number;
  /** The newest permission that may have been recorded. */
  permitted: number;
}

/**
 * What stops the sending of writes, as the entries and the people tell it: kill switches, stages, consent. Each stop has a
 * name of its own; one that was lifted and set again is another.
 */
export class Stops {
  private readonly switches = new Map<string, { readonly scope: Readonly<Record<string, string>>; readonly name: string }>();
  private readonly stages = new Map<string, { readonly sends: boolean; readonly name: string }>();
  private readonly consents = new Map<string, SaidByPatient>();
  private made = 0;

  read({ body }: SeenEntry): void {
    const { switch: one, connection, stage } = body;
    if (one?.what === 'writes') {
      const key = JSON.stringify(Object.entries(one.scope).sort());
      this.switches.delete(key);
      if (one.off) this.switches.set(key, { scope: one.scope, name: this.name('switch') });
    }
    if (typeof connection === 'string' && stage !== undefined) {
      const sends = stage === 'limited-auto-write' || stage === 'staged';
      this.stages.set(connection, { sends, name: this.name('stage') });
    }
  }

  /** A permission is on its way into the log: from now on it may count. */
  consentBegins(patient: string, order: number, permits: boolean): void {
    if (permits) this.said(patient).permitted = Math.max(this.said(patient).permitted, order);
  }

  /** Somebody was told that a consent is recorded. */
  consentRecorded(patient: string, order: number, permits: boolean): void {
    if (!permits) this.said(patient).refused = Math.max(this.said(patient).refused, order);
  }

  /** Names of all that stops a write now. */
  of({ planned }: WritePicture, patient: string | null): readonly string[] {
    const facts: Readonly<Record<string, string>> = {
      tenant: planned.tenant,
      connection: planned.connection,
      resource: planned.resourceType,
      source: planned.source,
    };
    const names = [...this.switches.values()].flatMap(({ scope, name }) =>
      Object.entries(scope).every(([dimension, wanted]) => facts[dimension] === wanted) ? [name] : [],
    );
    const stage = this.stages.get(planned.connection);
    if (stage?.sends === false) names.push(stage.name);
    const said = patient === null ? undefined : this.consents.get(patient);
    if (said !== undefined && said.refused > said.permitted) names.push(`refusal ${said.refused} of ${patient ?? ''}`);
    return names;
  }

  private said(patient: string): SaidByPatient {
    const said = this.consents.get(patient) ?? { refused: -1, permitted: -1 };
    this.consents.set(patient, said);
    return said;
  }

  private name(kind: string): string {
    this.made += 1;
    return `${kind} ${this.made}`;
  }
}

/** One patient of one hospital, as the stops know it. */
export function patientName(hospital: number, patient: number): string {
  return `${hospitals[hospital]?.tenant ?? ''} ${patient}`;
}

/** Why writes are held for what these stops stop. */
export const stoppedCodes: readonly string[] = [
  'writes-switched-off',
  'stage-read-only',
  'consent-revoked',
  'consent-expired',
  'consent-denied',
  'consent-out-of-scope',
  'consent-unknown',
];
