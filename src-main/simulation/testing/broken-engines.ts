import type { Sabotage } from '../world.ts';
import type { EhrGateway, EntryDraft, Ledger, Prepared } from '../../ports/outbound/index.ts';
import type { PreparedRecord, StateOf, WriteMoved, WriteState } from '../../../src-shared/domain/index.ts';

/**
 * Engines that are wrong in one way each: the real engine, behind ports that make of what it does what a wrong engine
 * would do. The auditor must catch every one.
 */
export const brokenEngines: Readonly<Record<string, Sabotage>> = {
  'sends again what is unknown': (deps) =>
    withLedger(deps, (ledger) => ({ commit: (commit) => ledger.commit({ ...commit, entries: commit.entries.map(sendAgain) }) })),

  'does not record the attempt': (deps) =>
    withLedger(deps, (ledger) => ({
      commit: (commit) =>
        commit.entries.some((entry) => entry.type === 'write.attempted')
          ? Promise.resolve({ ok: true, firstSeq: 0 })
          : ledger.commit(commit),
    })),

  'ignores If-Match': (deps) =>
    withGateway(deps, (gateway) => ({
      prepare: (command, facts) => {
        const prepared = gateway.prepare(command, facts);
        if (prepared.outcome === 'refused') return prepared;
        const { 'if-match': _condition, ...headers } = prepared.request.headers;
        return requested(deps, prepared, { headers });
      },
    })),

  'marks over what somebody has changed since': (deps) =>
    withMark(deps, ({ headers }) => {
      const { 'if-match': _condition, ...others } = headers;
      return { headers: others };
    }),

  'takes back without marking': (deps) =>
    withMark(deps, ({ body }) => ({ body: body.replace('"status":"entered-in-error",', '') })),

  'trusts a search that ignored its parameter': (deps) =>
    withGateway(deps, (gateway) => ({
      find: async (query) => {
        const found = await gateway.find(query);
        return found.outcome === 'inconclusive' && found.code === 'search-not-trusted'
          ? { outcome: 'absent', exchange: found.exchange }
          : found;
      },
    })),

  'sends other bytes than approved': (deps) =>
    withGateway(deps, (gateway) => ({
      send: (prepared, deadlineMs) =>
        gateway.send({ ...prepared, body: prepared.body.replace('"content":"', '"content":" ') }, deadlineMs),
    })),

  'does not ask whether the approver is still there': (deps) =>
    withLedger(deps, (ledger) => ({
      row: async (kind, tenant, key) => {
        const row = await ledger.row(kind, tenant, key);
        return row !== undefined && 'active' in row ? { ...row, active: true } : row;
      },
    })),

  'does not look at kill switches': (deps) =>
    withLedger(deps, (ledger) => ({ rows: (kind) => (kind === 'switch' ? Promise.resolve([]) : ledger.rows(kind)) })),

  'does not ask what the patient has said since': (deps) =>
    withLedger(deps, (ledger) => ({
      row: async (kind, tenant, key) => {
        const row = await ledger.row(kind, tenant, key);
        return row !== undefined && 'consents' in row ? { ...row, consents: [] } : row;
      },
    })),

  'sends on one approval where two are needed': (deps) => ({
    ...deps,
    matrix: { ...deps.matrix, rows: deps.matrix.rows.map((row) => ({ ...row, persons: 1 as const })) },
  }),

  'takes what is blocked for ordinary': (deps) => ({
    ...deps,
    matrix: {
      ...deps.matrix,
      rows: deps.matrix.rows.map((row) => (row.tier === 'blocked' ? { ...row, tier: 'low' as const } : row)),
    },
  }),

  'calls everything verified': (deps) => withGateway(deps, () => ({ compare: () => ({ compared: 1, differences: [] }) })),

  'ignores that its lease was lost': (deps) =>
    withLedger(deps, (ledger) => ({
      commit: ({ fence: _fence, lane: _lane, ...commit }) => ledger.commit(commit),
      renewLease: (fence) => ledger.renewLease(fence).catch(() => undefined),
      expireLeases: (fence) => ledger.expireLeases(fence).catch(() => []),
    })),

  'sends again what a dead engine had in flight': (deps) =>
    withLedger(deps, (ledger) => ({
      commit: (commit) => ledger.commit({ ...commit, entries: commit.entries.map(takeOverAndSend) }),
    })),

  'takes what the EHR still works on for failed': (deps) =>
    withGateway(deps, (gateway) => ({
      monitor: async (address) => {
        const said = await gateway.monitor?.(address);
        if (said === undefined) throw new Error('a gateway that cannot ask');
        return said.outcome === 'running' ? { outcome: 'ended', failed: true, exchange: said.exchange } : said;
      },
    })),

  'sees no change when it looks later': (deps) =>
    withLedger(deps, (ledger) => ({
      commit: (commit) => ledger.commit({ ...commit, entries: commit.entries.map(withoutDrift) }),
    })),
};

function withLedger(deps: Parameters<Sabotage>[0], change: (ledger: Ledger) => Partial<Ledger>): Parameters<Sabotage>[0] {
  return { ...deps, ledger: over(deps.ledger, change(deps.ledger)) };
}

function withGateway(
  deps: Parameters<Sabotage>[0],
  change: (gateway: EhrGateway) => Partial<EhrGateway>,
): Parameters<Sabotage>[0] {
  return {
    ...deps,
    gateways: {
      open: async (connection) => {
        const gateway = await deps.gateways.open(connection);
        return 'refused' in gateway ? gateway : over(gateway, change(gateway));
      },
    },
  };
}

/** Changes the requests that mark an entry as entered in error. */
function withMark(
  deps: Parameters<Sabotage>[0],
  change: (request: PreparedRecord) => Partial<PreparedRecord>,
): Parameters<Sabotage>[0] {
  return withGateway(deps, (gateway) => ({
    markAsError: (write, target) => {
      const prepared = gateway.markAsError?.(write, target);
      if (prepared === undefined) throw new Error('a gateway that cannot mark');
      return prepared.outcome === 'refused' ? prepared : requested(deps, prepared, change(prepared.request));
    },
  }));
}

function requested(
  { sha256 }: Parameters<Sabotage>[0],
  prepared: Extract<Prepared, { outcome: 'prepared' }>,
  change: Partial<PreparedRecord>,
): Prepared {
  const request = { ...prepared.request, ...change };
  const { method, path, headers, body } = request;
  return { ...prepared, request: { ...request, sha256: hashOf(sha256, [method, path, headers, body]) } };
}

/** The same object but for some of its methods. */
function over<T extends object>(whole: T, changed: Partial<T>): T {
  return new Proxy(whole, {
    get: (target, name) => {
      const own: unknown = Reflect.get(changed, name) ?? Reflect.get(target, name);
      return typeof own === 'function' && Reflect.get(changed, name) === undefined ? (own.bind(target) as unknown) : own;
    },
  });
}

function hashOf(sha256: Parameters<Sabotage>[0]['sha256'], parts: readonly unknown[]): string {
  return Buffer.from(sha256(new TextEncoder().encode(JSON.stringify(parts)))).toString('hex');
}

/** An outcome that is not known, recorded as one that was proved not to have happened. */
function sendAgain(entry: EntryDraft): EntryDraft {
  return retriedAfter('write.settled', entry);
}

/** What was in flight with an engine that is gone, recorded as not sent. */
function takeOverAndSend(entry: EntryDraft): EntryDraft {
  return retriedAfter('write.recovered', entry);
}

function retriedAfter(type: EntryDraft['type'], entry: EntryDraft): EntryDraft {
  if (!('moves' in entry.body) || entry.type !== type) return entry;
  const body: WriteMoved = entry.body;
  const moves = body.moves.map((state): WriteState => (state.name === 'unknown' ? retryOf(state) : state));
  return { ...entry, body: { ...entry.body, moves } } as EntryDraft;
}

/** A later look that found a change, recorded as one that found none. */
function withoutDrift(entry: EntryDraft): EntryDraft {
  if (!('moves' in entry.body) || entry.type !== 'write.followed') return entry;
  const body: WriteMoved = entry.body;
  const moves = body.moves.map((state): WriteState =>
    state.name === 'committed' && state.follow !== undefined ? { ...state, follow: { ...state.follow, drift: null } } : state,
  );
  return { ...entry, body: { ...entry.body, moves } } as EntryDraft;
}

function retryOf(state: StateOf<'unknown'>): WriteState {
  return { name: 'failed-retryable', code: state.code, nextAt: state.nextAt };
}
