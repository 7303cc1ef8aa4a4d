import type { EngineDeps } from '../deps.ts';
import type { EventSource } from '../event-source.ts';
import { houseRulesInForce } from '../policy/in-force.ts';
import { measuredNumbers, normalizeWrite, type MeasuredNumber, type WriteRow } from '../../../src-shared/domain/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

interface Known {
  readonly at: number;
  readonly numbers: readonly MeasuredNumber[];
}

/**
 * The numbers that a tenant charted last, read back from its log (F1, drift from the clinic's normal ranges). They are read
 * again after a while: what one value is held against hardly changes with the next.
 */
export class ClinicNorms {
  private readonly deps: Pick<EngineDeps, 'ledger' | 'clock' | 'checks'>;
  private readonly events: EventSource;
  private readonly known = new Map<string, Known>();

  constructor(deps: Pick<EngineDeps, 'ledger' | 'clock' | 'checks'>, events: EventSource) {
    this.deps = deps;
    this.events = events;
  }

  async chartedBy(tenant: string): Promise<readonly MeasuredNumber[]> {
    const now = this.deps.clock.now();
    const known = this.known.get(tenant);
    if (known !== undefined && now >= known.at && now - known.at < limits.normsAgeMaxMs) return known.numbers;
    const numbers = await this.read(tenant);
    this.known.set(tenant, { at: now, numbers });
    return numbers;
  }

  private async read(tenant: string): Promise<readonly MeasuredNumber[]> {
    const { ledger, checks } = this.deps;
    const house = await houseRulesInForce(ledger, tenant);
    const numbers: MeasuredNumber[] = [];
    for (const row of await this.charted(tenant)) {
      const kept = await this.events.itemIfKept(row);
      if (kept === null) continue;
      const { event, item } = kept;
      numbers.push(...measuredNumbers(normalizeWrite(event, item, checks, house).clinical, event, checks));
    }
    return numbers;
  }

  /** The observations charted last, newest first, as far back as is looked. */
  private async charted(tenant: string): Promise<readonly WriteRow[]> {
    const found: WriteRow[] = [];
    let after: string | undefined;
    for (let page = 0; page < limits.normsPagesMax && found.length < limits.normsEntriesMax; page += 1) {
      const rows = await this.deps.ledger.writes({
        tenant,
        states: ['committed'],
        limit: limits.claimBatchMax,
        ...(after === undefined ? {} : { after }),
      });
      found.push(...rows.filter(({ kind, compensates }) => kind === 'observation' && compensates === undefined));
      after = rows.at(-1)?.id;
      if (rows.length < limits.claimBatchMax) break;
    }
    return found.slice(0, limits.normsEntriesMax);
  }
}
