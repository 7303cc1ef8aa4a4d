import type { EngineDeps } from '../deps.ts';
import type { EntryDraft, RowKind } from '../../ports/outbound/index.ts';
import type { Register, RegisterOutcome } from '../../ports/inbound/index.ts';
import {
  workspaceLog,
  type Actor,
  type Connection,
  type EntryBodies,
  type Person,
  type Source,
} from '../../../src-shared/domain/index.ts';

/** The registries of a workspace: who may act, who may send, where writes go. Names are used once. */
export function register(deps: Pick<EngineDeps, 'ledger' | 'clock' | 'random'>): Register {
  const add = async <T extends 'person.added' | 'source.added' | 'connection.added'>(
    kind: Extract<RowKind, 'person' | 'source' | 'connection'>,
    name: string,
    type: T,
    body: EntryBodies[T],
    actor: Actor,
  ): Promise<RegisterOutcome> => {
    const entry = {
      type,
      stream: `${kind}/${name}`,
      at: deps.clock.now(),
      actor,
      patientKey: null,
      correlation: deps.random.id(),
      body,
    } as EntryDraft;
    const result = await deps.ledger.commit({
      tenant: workspaceLog,
      expected: [{ kind, key: name, version: 0 }],
      entries: [entry],
    });
    return result.ok ? { ok: true } : { ok: false, code: 'name-taken', message: `there is already a ${kind} "${name}"` };
  };
  return {
    person: (person: Person, secretVerifier: string, actor) =>
      add('person', person.id, 'person.added', { person, secretVerifier }, actor),
    source: (source: Source, actor) => add('source', source.name, 'source.added', { source }, actor),
    connection: (connection: Connection, actor) => add('connection', connection.name, 'connection.added', { connection }, actor),
  };
}
