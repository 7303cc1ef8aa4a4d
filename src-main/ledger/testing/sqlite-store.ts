import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Ledger, LedgerLists, Random } from '../../ports/outbound/index.ts';
import type { LedgerStore } from './ledger-under-contract.ts';
import { openSqliteLedger, type LedgerKeys, type OpenOptions, type OpenResult } from '../index.ts';
import { StandingClock } from './fixtures.ts';

export const testRandom: Pick<Random, 'bytes'> = { bytes: (count) => randomBytes(count) };

/** Three keys that are the same for the same name. */
export function testKeys(name = 'a'): LedgerKeys {
  const key = (use: string): Uint8Array => Uint8Array.from(createHash('sha256').update(`${name}/${use}`).digest());
  return { ledger: key('ledger'), payload: key('payload'), signing: key('signing') };
}

/** A workspace folder for one test. */
export class TestWorkspace implements LedgerStore {
  readonly clock = new StandingClock();
  readonly folder: string;
  private readonly opened: Ledger[] = [];
  private readonly broken = new Set<Ledger>();
  private made = false;

  constructor(folder: string) {
    this.folder = folder;
  }

  static async make(): Promise<TestWorkspace> {
    return new TestWorkspace(await mkdtemp(path.join(tmpdir(), 'countersign-ledger-')));
  }

  file(name = 'ledger.db'): string {
    return path.join(this.folder, name);
  }

  /** Opens with these options over the usual ones; whatever comes of it. */
  tryOpen(options: Partial<OpenOptions> = {}): Promise<OpenResult> {
    return openSqliteLedger({ folder: this.folder, keys: testKeys(), clock: this.clock, random: testRandom, ...options });
  }

  async open(options: Partial<OpenOptions> = {}): Promise<Ledger & LedgerLists> {
    const created = this.made ? {} : { create: true, site: 'site-1' };
    this.made = true;
    const holder: { ledger?: Ledger } = {};
    const failpoint: OpenOptions['failpoint'] = (point) => {
      if (point === 'written' && holder.ledger !== undefined && this.broken.has(holder.ledger))
        throw new Error('input/output error');
    };
    const result = await this.tryOpen({ failpoint, ...created, ...options });
    if (!result.ok) throw new Error(`${result.code}: ${result.message}`);
    holder.ledger = result.ledger;
    this.opened.push(result.ledger);
    return result.ledger;
  }

  breakMedium(ledger: Ledger): void {
    this.broken.add(ledger);
  }

  async dispose(): Promise<void> {
    // A test that broke its ledger has seen what closing says.
    await Promise.allSettled(this.opened.map((ledger) => ledger.close()));
    await rm(this.folder, { recursive: true, force: true });
  }
}

export function sqliteStore(): Promise<LedgerStore> {
  return TestWorkspace.make();
}
