import path from 'node:path';
import { CommandFailure, printable } from '../console-io.ts';
import { withEngineLock } from '../engine-lock.ts';
import { withPerson, type CommandContext } from '../session.ts';
import { connectionView, isoTime, personView, sourceView } from '../views.ts';
import { grants, register, testConnection } from '../../engine/index.ts';
import { adapters } from '../../ehr/index.ts';
import { createSecret, hashSecret } from '../../identity/index.ts';
import {
  workspaceLog,
  type ApprovalReach,
  type Connection,
  type GrantChange,
  type Origin,
  type Person,
  type Role,
  type RolloutStage,
  type Source,
} from '../../../src-shared/domain/index.ts';

/** The registries: people, sources, connections. */

export interface PersonOptions {
  readonly name: string;
  readonly role: readonly Role[];
  readonly npi: string | undefined;
}

export function personAdd(context: CommandContext, id: string, options: PersonOptions): Promise<number> {
  return withPerson(context, 'person.add', async ({ deps, actor }) => {
    const given = context.env.COUNTERSIGN_NEW_USER_SECRET;
    const secret = given === undefined || given === '' ? createSecret() : given;
    const person: Person = { id, name: options.name, roles: options.role, npi: options.npi ?? null, active: true };
    added(await register(deps).person(person, await hashSecret(secret), actor));
    const shown = secret === given ? null : secret;
    const words = shown === null ? '' : `\nSecret of ${id}, shown this once: ${shown}`;
    context.io.result(
      'person-add',
      { ...personView(person), secret: shown },
      `Added ${id} (${person.roles.join(', ')}).${words}`,
    );
    return 0;
  });
}

export function personList(context: CommandContext): Promise<number> {
  return withPerson(context, 'registry.read', async ({ deps }) => {
    for (const person of await deps.ledger.rows('person')) {
      context.io.result(
        'person-list',
        personView(person),
        `${person.id}  ${printable(person.name)}  ${rolesWords(person)}${person.active ? '' : '  (inactive)'}`,
      );
    }
    return 0;
  });
}

/** Gives a person a role; from `until` on they no longer have it. */
export function personGrant(
  context: CommandContext,
  id: string,
  role: Role,
  until: string | undefined,
  reason: string,
): Promise<number> {
  const end = until === undefined ? null : Date.parse(until);
  if (end !== null && Number.isNaN(end))
    throw new CommandFailure(2, 'usage', `--until takes a time like 2026-12-31T18:00:00Z, not "${printable(until ?? '')}".`);
  return changeRoles(context, 'person-grant', id, { change: 'grant', role, until: end }, reason);
}

export function personRevoke(context: CommandContext, id: string, role: Role, reason: string): Promise<number> {
  return changeRoles(context, 'person-revoke', id, { change: 'revoke', role }, reason);
}

function changeRoles(
  context: CommandContext,
  name: 'person-grant' | 'person-revoke',
  id: string,
  change: GrantChange,
  reason: string,
): Promise<number> {
  return withPerson(context, 'person.grant', async ({ deps, person, actor }) => {
    const outcome = await grants(deps).change(id, change, reason, person, actor);
    if (!outcome.ok)
      throw new CommandFailure(
        outcome.code === 'person-unknown' ? 2 : 1,
        outcome.code,
        `Not done: ${printable(outcome.message)}.`,
      );
    context.io.result(name, personView(outcome.person), `${id} is now: ${rolesWords(outcome.person)}.`);
    return 0;
  });
}

/** The roles of a person, each with its end where it has one. */
function rolesWords({ roles, rolesUntil }: Person): string {
  if (roles.length === 0) return 'without a role';
  return roles.map((role) => (rolesUntil?.[role] === undefined ? role : `${role} until ${isoTime(rolesUntil[role])}`)).join(', ');
}

export interface SourceOptions {
  readonly tenant: readonly string[] | undefined;
  readonly types: readonly string[] | undefined;
  readonly origin: Origin | undefined;
  readonly approvals: ApprovalReach;
}

export function sourceAdd(context: CommandContext, name: string, options: SourceOptions): Promise<number> {
  return withPerson(context, 'source.add', async ({ deps, actor, person }) => {
    const source: Source = {
      name,
      tenants: options.tenant ?? null,
      types: options.types ?? null,
      origin: options.origin ?? null,
      approvals: options.approvals,
      owner: person.id,
      active: true,
    };
    added(await register(deps).source(source, actor));
    const reach =
      source.approvals === 'none' ? 'Its approvals do not count here.' : `Its approvals count up to ${source.approvals} risk.`;
    context.io.result('source-add', sourceView(source), `Added the source ${name}. ${reach}`);
    return 0;
  });
}

export function sourceList(context: CommandContext): Promise<number> {
  return withPerson(context, 'registry.read', async ({ deps }) => {
    for (const source of await deps.ledger.rows('source')) {
      context.io.result(
        'source-list',
        sourceView(source),
        `${source.name}  tenants: ${source.tenants?.join(', ') ?? 'all'}  approvals: ${source.approvals}`,
      );
    }
    return 0;
  });
}

export interface ConnectionOptions {
  readonly adapter: string;
  readonly baseUrl: string;
  readonly tenant: readonly string[] | undefined;
  readonly stage: RolloutStage | undefined;
  readonly baa: string | undefined;
  readonly auth: string;
  readonly environment: 'sandbox' | 'production';
}

export function connectionAdd(context: CommandContext, name: string, options: ConnectionOptions): Promise<number> {
  return withPerson(context, 'connection.add', async ({ deps, actor }) => {
    if (!(options.adapter in adapters)) {
      throw new CommandFailure(
        2,
        'adapter-unknown',
        `There is no adapter "${options.adapter}". Known: ${Object.keys(adapters).join(', ')}.`,
      );
    }
    const connection = planConnection(name, options);
    added(await register(deps).connection(connection, actor));
    const stage =
      connection.stage === 'read-only' ? 'It starts read-only: nothing is written to it yet.' : `Stage: ${connection.stage}.`;
    context.io.result(
      'connection-add',
      connectionView(connection),
      `Added the ${connection.environment} connection ${name} to ${printable(connection.baseUrl)}. ${stage}`,
    );
    return 0;
  });
}

/** A loopback address is practice; anything else starts read-only and says whose data it may carry. */
function planConnection(name: string, options: ConnectionOptions): Connection {
  const url = baseUrlOf(options.baseUrl);
  const practice = isLoopback(url);
  if (!practice && url.protocol !== 'https:') {
    throw new CommandFailure(2, 'base-url-insecure', 'A base URL outside this machine must use https.');
  }
  if (!practice && options.tenant === undefined) {
    throw new CommandFailure(2, 'tenant-missing', 'Say with --tenant whose patients this connection serves.');
  }
  return {
    name,
    adapter: options.adapter,
    baseUrl: url.href.replace(/\/$/, ''),
    tenants: options.tenant ?? null,
    environment: practice ? 'practice' : options.environment,
    stage: options.stage ?? (practice ? 'limited-auto-write' : 'read-only'),
    baa: options.baa ?? null,
    auth: authOf(options.auth),
    active: true,
  };
}

function baseUrlOf(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new CommandFailure(2, 'base-url-invalid', `${printable(text)} is not an http or https address.`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new CommandFailure(2, 'base-url-invalid', 'A base URL holds no user name, query or fragment.');
  }
  return url;
}

function isLoopback(url: URL): boolean {
  return url.hostname === 'localhost' || url.hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);
}

function authOf(text: string): Connection['auth'] {
  if (text === 'none') return { kind: 'none' };
  const file = /^bearer-file:(.+)$/.exec(text)?.[1];
  if (file === undefined) throw new CommandFailure(2, 'auth-unknown', '--auth takes "none" or "bearer-file:PATH".');
  return { kind: 'bearer-file', file: path.resolve(file) };
}

export function connectionList(context: CommandContext): Promise<number> {
  return withPerson(context, 'registry.read', async ({ deps }) => {
    for (const connection of await deps.ledger.rows('connection')) {
      context.io.result(
        'connection-list',
        connectionView(connection),
        `${connection.name}  ${connection.environment}  ${connection.stage}  ${connection.adapter}  ${printable(connection.baseUrl)}`,
      );
    }
    return 0;
  });
}

/** Reads what the server says about itself; writes nothing to it. */
export function connectionTest(context: CommandContext, name: string): Promise<number> {
  return withPerson(context, 'connection.test', async ({ deps, actor }) => {
    const connection = await deps.ledger.row('connection', workspaceLog, name);
    if (connection === undefined) throw new CommandFailure(2, 'connection-unknown', `There is no connection "${name}".`);
    // The practice EHR keeps its chart in this workspace and lives in one process at a time.
    const inside = connection.baseUrl.startsWith('practice:');
    const test = () => testConnection(deps)(name, actor);
    const report = inside ? await withEngineLock(context.options.workspace, test) : await test();
    if (report === undefined) throw new CommandFailure(2, 'connection-unknown', `There is no connection "${name}".`);
    const resources = Object.fromEntries(
      Object.entries(report.resources).map(([type, can]) => [type, { ...can, searchParameters: [...can.searchParameters] }]),
    );
    const words = report.ok
      ? `${name} answers: ${printable(report.software ?? 'a FHIR server')}, FHIR ${report.fhirVersion ?? '?'}.`
      : `${name} cannot be used: ${printable(report.problems.join('; '))}`;
    context.io.result('connection-test', { connection: name, ...report, resources, problems: [...report.problems] }, words);
    return report.ok ? 0 : 1;
  });
}

function added(outcome: { readonly ok: true } | { readonly ok: false; readonly code: string; readonly message: string }): void {
  if (!outcome.ok) throw new CommandFailure(1, outcome.code, `${outcome.message}. Nothing was changed.`);
}
