import type { ClockGuard } from '../clock-guard.ts';
import type { EhrGateway, EhrGateways, LedgerReader } from '../../ports/outbound/index.ts';
import {
  admits,
  admitsChange,
  admitsRetry,
  afterExchange,
  isDown,
  newFlow,
  refilled,
  restOf,
  retriesKey,
  retriesLeft,
  shareOf,
  spent,
  withRetriesLeft,
  type Exchange,
  type FailureCode,
  type Flow,
  type FlowSettings,
  type Rest,
} from '../../../src-shared/domain/index.ts';

/**
 * What goes to the EHRs, seen from the engine: every call through these gateways tells the flow of its connection and
 * the clock guard how it went.
 */
export class Traffic implements EhrGateways {
  private readonly gateways: EhrGateways;
  private readonly clock: ClockGuard;
  private readonly flows = new Map<string, Flow>();
  private readonly sending = new Map<string, number>();
  private readonly wereDown = new Set<string>();
  private readonly restored = new Set<string>();
  private readonly underWay = new Map<string, number>();
  private engines = 1;
  private readonly watched = new WeakMap<EhrGateway, EhrGateway>();

  constructor(gateways: EhrGateways, clock: ClockGuard) {
    this.gateways = gateways;
    this.clock = clock;
  }

  /** How many engines send to these EHRs now: what a connection may do is shared among them. */
  sharedBy(engines: number): void {
    this.engines = engines;
  }

  async open(connection: string): ReturnType<EhrGateways['open']> {
    const opened = await this.gateways.open(connection);
    if ('refused' in opened) return opened;
    let gateway = this.watched.get(opened);
    if (gateway === undefined) {
      gateway = this.watch(connection, opened);
      this.watched.set(opened, gateway);
    }
    return gateway;
  }

  /** As `admits` of the domain, for one more piece of work on this connection now. */
  admits(connection: string, of: FlowSettings, sends: boolean): number | null {
    const settings = shareOf(of, this.engines);
    const now = this.clock.monotonic();
    const flow = refilled(this.flow(connection), settings, now);
    this.flows.set(connection, flow);
    return admits(flow, settings, this.underWay.get(connection) ?? 0, sends, now);
  }

  /** As `admitsChange` of the domain. */
  admitsChange(connection: string): number | null {
    return admitsChange(this.flow(connection), this.sending.get(connection) ?? 0, this.clock.monotonic());
  }

  /** As `admitsRetry` of the domain; `admits` has to be asked first. */
  admitsRetry(connection: string, settings: FlowSettings): number {
    return admitsRetry(this.flow(connection), shareOf(settings, this.engines), this.clock.monotonic());
  }

  /**
   * Takes over what an engine before this one left of the connection's budget of retries, once: later this one knows better.
   * It rests on the wall clock, which alone tells of the time between two engines.
   */
  async restoreRetries(ledger: LedgerReader, connection: string, settings: FlowSettings, now: number): Promise<void> {
    if (this.restored.has(connection)) return;
    const key = retriesKey(connection);
    const rows = await Promise.all((await ledger.tenants()).map((tenant) => ledger.row('sends', tenant, key)));
    if (this.restored.has(connection)) return;
    this.restored.add(connection);
    const [last] = rows.flatMap((row) => row?.retries ?? []).sort((a, b) => b.at - a.at);
    if (last === undefined) return;
    const share = shareOf(settings, this.engines);
    this.flows.set(connection, withRetriesLeft(this.flow(connection), share, last.left, now - last.at));
  }

  /** What is left of the connection's budget of retries, and the row that it is kept in. */
  retriesLeft(connection: string): { readonly key: string; readonly left: number } {
    return { key: retriesKey(connection), left: retriesLeft(this.flow(connection)) };
  }

  /**
   * True while the EHR counts as down: what is due for it is to be held, all but the probe that is let go.
   *
   * @param sends true for what would send a change
   */
  isDown(connection: string, sends: boolean): boolean {
    return isDown(this.flow(connection), sends);
  }

  /** What the connections do not do for now, by name; all others do everything. */
  rests(): ReadonlyMap<string, Rest> {
    const resting = new Map<string, Rest>();
    for (const [connection, flow] of this.flows) {
      const rest = restOf(flow);
      if (rest !== null) resting.set(connection, rest);
    }
    return resting;
  }

  /** Connections that were down and work again, each told once. */
  takeRecovered(): readonly string[] {
    const recovered = [...this.wereDown].filter((connection) => !this.isDown(connection, true));
    for (const connection of recovered) this.wereDown.delete(connection);
    return recovered;
  }

  /** Connections that are down and whose rest is over. */
  toProbe(): readonly string[] {
    const now = this.clock.monotonic();
    return [...this.wereDown].filter((connection) => {
      const { openUntil, changes } = this.flow(connection);
      return Math.max(openUntil ?? now, changes.openUntil ?? now) <= now;
    });
  }

  /** @param sends whether it sends a change, for the first time or again; `false`: it only reads */
  begin(connection: string, sends: 'first' | 'again' | false, settings: FlowSettings = {}): void {
    this.underWay.set(connection, (this.underWay.get(connection) ?? 0) + 1);
    if (sends === false) return;
    this.sending.set(connection, (this.sending.get(connection) ?? 0) + 1);
    this.flows.set(connection, spent(this.flow(connection), shareOf(settings, this.engines), sends === 'again'));
  }

  /** @param sends as at its beginning */
  end(connection: string, sends: 'first' | 'again' | false = false): void {
    this.underWay.set(connection, (this.underWay.get(connection) ?? 1) - 1);
    if (sends !== false) this.sending.set(connection, (this.sending.get(connection) ?? 1) - 1);
  }

  private flow(connection: string): Flow {
    return this.flows.get(connection) ?? newFlow(this.clock.monotonic());
  }

  private took(
    connection: string,
    code: FailureCode | null,
    retryAfterMs: number | null,
    exchange: readonly Exchange[],
    sent = false,
  ): void {
    this.flows.set(connection, afterExchange(this.flow(connection), code, retryAfterMs, this.clock.monotonic(), sent));
    if (this.isDown(connection, true)) this.wereDown.add(connection);
    this.clock.observe(connection, exchange);
  }

  private watch(connection: string, gateway: EhrGateway): EhrGateway {
    return {
      get adapter() {
        return gateway.adapter;
      },
      test: () => gateway.test(),
      prepare: (command, facts) => gateway.prepare(command, facts),
      compare: (prepared, found) => gateway.compare(prepared, found),
      close: () => gateway.close(),
      lookUp: async (query) => {
        const answer = await gateway.lookUp(query);
        if (answer.outcome === 'failed') this.took(connection, answer.code, answer.retryAfterMs, []);
        else this.took(connection, null, null, []);
        return answer;
      },
      send: async (prepared, deadlineMs) => {
        const answer = await gateway.send(prepared, deadlineMs);
        const code = 'code' in answer ? answer.code : null;
        this.took(connection, code, answer.outcome === 'throttled' ? answer.retryAfterMs : null, answer.exchange, true);
        return answer;
      },
      find: async (query) => {
        const answer = await gateway.find(query);
        if (answer.outcome === 'inconclusive') this.took(connection, answer.code, answer.retryAfterMs, answer.exchange);
        else this.took(connection, null, null, answer.exchange);
        return answer;
      },
      ...(gateway.markAsError === undefined ? {} : { markAsError: gateway.markAsError.bind(gateway) }),
      ...this.watchMonitor(connection, gateway),
      ...this.watchListed(connection, gateway),
      read: async (reference) => {
        const answer = await gateway.read(reference);
        if (answer.outcome === 'failed') this.took(connection, answer.code, answer.retryAfterMs, answer.exchange);
        else this.took(connection, null, null, answer.exchange);
        return answer;
      },
    };
  }

  private watchListed(connection: string, gateway: EhrGateway): Pick<EhrGateway, 'listed'> {
    if (gateway.listed === undefined) return {};
    const ask = gateway.listed.bind(gateway);
    return {
      listed: async (query) => {
        const answer = await ask(query);
        if (answer.outcome === 'failed') this.took(connection, answer.code, answer.retryAfterMs, []);
        else this.took(connection, null, null, []);
        return answer;
      },
    };
  }

  private watchMonitor(connection: string, gateway: EhrGateway): Pick<EhrGateway, 'monitor'> {
    if (gateway.monitor === undefined) return {};
    const ask = gateway.monitor.bind(gateway);
    return {
      monitor: async (address) => {
        const answer = await ask(address);
        if (answer.outcome === 'unclear') this.took(connection, answer.code, answer.retryAfterMs, answer.exchange);
        else this.took(connection, null, null, answer.exchange);
        return answer;
      },
    };
  }
}
