import type { Connection, Person, Source } from '../../../src-shared/domain/index.ts';

/** Who and what a simulated workspace knows: two hospitals, one with two EHRs, one scribe, and people who decide. */

export const clinicians: readonly Person[] = [
  { id: 'dr-lee', name: 'Dana Lee', roles: ['clinician'], npi: null, active: true },
  { id: 'dr-mora', name: 'Ines Mora', roles: ['clinician'], npi: null, active: true },
];
export const clinicalOwner: Person = {
  id: 'dr-okafor',
  name: 'Chidi Okafor',
  roles: ['clinical-owner'],
  npi: null,
  active: true,
};
/** With the one above, the two different people that some runs ask for. */
export const secondOwner: Person = { ...clinicalOwner, id: 'dr-weber', name: 'Ada Weber' };
export const operator: Person = {
  id: 'ops',
  name: 'Olga Peters',
  roles: ['operator', 'operations-lead'],
  npi: null,
  active: true,
};

export const scribe: Source = {
  name: 'scribe-7',
  tenants: null,
  types: null,
  origin: 'ai',
  approvals: 'medium',
  owner: 'ops',
  active: true,
};

/** A hospital in one of its EHRs. */
export interface Hospital {
  readonly tenant: string;
  readonly connection: string;
  /** Business identifiers of its patients; the hospitals use the same ones for different people, EHRs of one hospital for the same. */
  readonly patients: readonly string[];
}

export const hospitals: readonly Hospital[] = [
  { tenant: 'north', connection: 'ehr-north', patients: ['p1', 'p2', 'p3'] },
  { tenant: 'south', connection: 'ehr-south', patients: ['p1', 'p2'] },
  { tenant: 'north', connection: 'ward-north', patients: ['p1', 'p2', 'p3'] },
];

export function connectionOf(hospital: Hospital): Connection {
  return {
    name: hospital.connection,
    adapter: 'simulated',
    baseUrl: `http://127.0.0.1/${hospital.connection}`,
    tenants: [hospital.tenant],
    environment: 'practice',
    stage: 'limited-auto-write',
    baa: null,
    auth: { kind: 'none' },
    active: true,
  };
}
