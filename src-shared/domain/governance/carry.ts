import type { Connection, Role, Source } from '../people.ts';
import type { FailureCode } from '../failures.ts';
import type { BaaEntry, BaaRegister } from './documents.ts';
import { endOf } from '../consent/provision.ts';

/** Where health information may travel (G8, G9): environments never mix, and who carries it has agreed to how. */

export interface Held {
  readonly code: FailureCode;
  readonly liftedBy: Role;
  /** The fact that decided, in words. */
  readonly because: string;
}

export interface CarryFacts {
  readonly tenant: string;
  readonly connection: Pick<Connection, 'name' | 'environment' | 'baa'>;
  readonly source: string;
  /** All connections of the workspace. */
  readonly connections: readonly Pick<Connection, 'name' | 'environment' | 'tenants' | 'active'>[];
  readonly register: BaaRegister | null;
  /** Epoch milliseconds. */
  readonly now: number;
}

/** Why a write of this tenant may not travel from its source over its connection, or `null`. First reason found. */
export function mayNotCarry(facts: CarryFacts): Held | null {
  const { connection, tenant } = facts;
  if (connection.environment === 'practice') {
    const real = facts.connections.find(
      (one) => one.active && one.environment !== 'practice' && (one.tenants === null || one.tenants.includes(tenant)),
    );
    // A chart to practise on is for made-up people: a tenant with a real connection has real ones.
    return real === undefined
      ? null
      : {
          code: 'environment-mix',
          liftedBy: 'integration-administrator',
          because: `tenant "${tenant}" is served by the ${real.environment} connection "${real.name}"; its patients do not belong on a practice connection`,
        };
  }
  return uncovered(facts, 'connections', connection.name, connection.baa) ?? uncovered(facts, 'sources', facts.source, null);
}

function uncovered(facts: CarryFacts, what: 'connections' | 'sources', name: string, ref: string | null): Held | null {
  const thing = what === 'connections' ? 'connection' : 'source';
  const entries = coveringEntries(facts.register, what, name).filter((entry) => ref === null || entry.id === ref);
  if (entries.length === 0) {
    const named = ref === null ? '' : ` under the reference "${ref}"`;
    return {
      code: 'baa-missing',
      liftedBy: 'compliance-reviewer',
      because: `no entry of the agreement register covers the ${thing} "${name}"${named}`,
    };
  }
  if (entries.some((entry) => inForce(entry, facts.now))) return null;
  return {
    code: 'baa-expired',
    liftedBy: 'compliance-reviewer',
    because: `the agreement that covers the ${thing} "${name}" is not in force: ${entries.map((entry) => `${entry.id} until ${entry.expiresAt ?? 'further notice'}`).join(', ')}`,
  };
}

function coveringEntries(register: BaaRegister | null, what: 'connections' | 'sources', name: string): readonly BaaEntry[] {
  return (register?.entries ?? []).filter((entry) => entry.covers[what].includes(name));
}

/** From the day it was signed to the end of its last day. */
function inForce(entry: BaaEntry, now: number): boolean {
  const signed = endOf(entry.signedAt);
  const ends = entry.expiresAt === null ? Number.POSITIVE_INFINITY : endOf(entry.expiresAt);
  return signed !== undefined && ends !== undefined && dayStart(signed) <= now && now <= ends;
}

const DAY_MS = 24 * 3_600_000;
function dayStart(endOfDay: number): number {
  return endOfDay - DAY_MS + 1;
}

/** One way that health information takes through this installation. */
export interface PhiFlow {
  readonly from: string;
  readonly to: string;
  readonly tenants: readonly string[] | null;
  readonly environment: Connection['environment'];
  readonly carries: 'made-up people only' | 'health information' | 'nothing';
  readonly agreements: readonly string[];
  readonly subprocessors: readonly string[];
  readonly stoppedBy: string | null;
}

export interface FlowFacts {
  readonly sources: readonly Pick<Source, 'name' | 'tenants' | 'active'>[];
  readonly connections: readonly Pick<Connection, 'name' | 'environment' | 'tenants' | 'active' | 'baa'>[];
  readonly register: BaaRegister | null;
  readonly now: number;
}

/** The map of flows that the configuration allows (G9): every source with every connection that shares a tenant with it. */
export function phiFlows(facts: FlowFacts): readonly PhiFlow[] {
  return facts.sources.flatMap((source) =>
    facts.connections.flatMap((connection): readonly PhiFlow[] => {
      const tenants = shared(source.tenants, connection.tenants);
      if (tenants?.length === 0) return [];
      const entries = [
        ...coveringEntries(facts.register, 'sources', source.name),
        ...coveringEntries(facts.register, 'connections', connection.name),
      ];
      const inactive = !source.active
        ? `the source is switched off`
        : !connection.active
          ? 'the connection is switched off'
          : null;
      const practice = connection.environment === 'practice';
      const missing = practice
        ? null
        : mayNotCarry({ ...facts, tenant: '', connection, source: source.name, connections: facts.connections });
      const stoppedBy = inactive ?? missing?.because ?? null;
      return [
        {
          from: source.name,
          to: connection.name,
          tenants,
          environment: connection.environment,
          carries: stoppedBy !== null ? 'nothing' : practice ? 'made-up people only' : 'health information',
          agreements: [...new Set(entries.map((entry) => entry.id))],
          subprocessors: [...new Set(entries.flatMap((entry) => entry.subprocessors.map((one) => one.name)))],
          stoppedBy,
        },
      ];
    }),
  );
}

function shared(a: readonly string[] | null, b: readonly string[] | null): readonly string[] | null {
  if (a === null) return b;
  return b === null ? a : a.filter((one) => b.includes(one));
}
