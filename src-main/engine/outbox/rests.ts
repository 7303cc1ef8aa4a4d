import { engineActor, type EngineDeps } from '../deps.ts';
import type { Traffic } from './traffic.ts';
import type { LedgerReader } from '../../ports/outbound/index.ts';
import { restsKey, workspaceLog, type Resting } from '../../../src-shared/domain/index.ts';

/** What connections do not do for now because their EHRs are in trouble, as the running engine put it on record. */
export async function restsNow(ledger: LedgerReader): Promise<readonly (Resting & { readonly connection: string })[]> {
  const rests: (Resting & { readonly connection: string })[] = [];
  for (const { name } of await ledger.rows('connection')) {
    const resting = (await ledger.row('sends', workspaceLog, restsKey(name)))?.resting;
    if (resting !== undefined) rests.push({ ...resting, connection: name });
  }
  return rests;
}

/**
 * Puts on record what this engine's circuit breakers keep back, when that changes: other processes cannot see into it, and
 * people are to see why nothing goes to an EHR.
 */
export class Rests {
  private readonly deps: EngineDeps;
  private readonly traffic: Traffic;
  /** What the record says by now, by connection; `null` until it was read. */
  private told: Map<string, Resting> | null = null;

  constructor(deps: EngineDeps, traffic: Traffic) {
    this.deps = deps;
    this.traffic = traffic;
  }

  /** To be called often; commits only what changed. */
  async tell(): Promise<void> {
    const rests = this.traffic.rests();
    this.told ??= await this.leftBehind();
    for (const connection of new Set([...this.told.keys(), ...rests.keys()])) {
      const rest = rests.get(connection) ?? null;
      const before = this.told.get(connection);
      if (rest?.what === before?.what && rest?.down === before?.down) continue;
      await this.record(this.told, connection, rest === null ? null : { ...rest, ...this.by(before) });
    }
  }

  /** When the engine ends, nothing rests any more: the next one begins by asking. */
  async end(): Promise<void> {
    for (const connection of [...(this.told?.keys() ?? [])])
      if (this.told !== null) await this.record(this.told, connection, null);
  }

  private by(before: Resting | undefined): Pick<Resting, 'engine' | 'since'> {
    return { engine: this.deps.engineId, since: before?.since ?? this.deps.clock.now() };
  }

  /** What engines that are gone said and could not take back; where others may be at work, what this one said itself. */
  private async leftBehind(): Promise<Map<string, Resting>> {
    const { ledger, engineId, sharesLedger } = this.deps;
    const rests = await restsNow(ledger);
    const own = rests.filter(({ engine }) => sharesLedger !== true || engine === engineId);
    return new Map(own.map(({ connection, ...resting }) => [connection, resting]));
  }

  private async record(told: Map<string, Resting>, connection: string, resting: Resting | null): Promise<void> {
    const { ledger, clock, engineId, log } = this.deps;
    await ledger.commit({
      tenant: workspaceLog,
      expected: [],
      entries: [
        {
          type: 'connection.rested',
          stream: `rests/${connection}`,
          at: clock.now(),
          actor: engineActor(this.deps),
          patientKey: null,
          correlation: engineId,
          body: { connection, engine: engineId, resting },
        },
      ],
    });
    if (resting === null) told.delete(connection);
    else told.set(connection, resting);
    log.write(resting === null ? 'info' : 'warn', resting === null ? 'connection-works' : 'connection-rests', { connection });
  }
}
