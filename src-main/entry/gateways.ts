import { existsSync, readFileSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { adapters } from '../ehr/index.ts';
import { sha256, systemClock, systemRandom, type WorkspacePaths } from '../platform/index.ts';
import { faultPlan, startPracticeEhr, type PracticeEhr } from '../practice-ehr/index.ts';
import type { EhrGateway, EhrGateways, LedgerReader } from '../ports/outbound/index.ts';
import { workspaceLog, type Connection, type FailureCode } from '../../src-shared/domain/index.ts';

/** Opens each connection's gateway once; the practice EHR runs inside the process that asks for it. */

const PRACTICE = 'practice:';

export class ConnectionGateways implements EhrGateways {
  private readonly ledger: LedgerReader;
  private readonly practiceChart: string;
  private readonly practiceFaults: string;
  private readonly mayHostPractice: () => boolean;
  private readonly open_ = new Map<string, Promise<EhrGateway | { refused: FailureCode; message: string }>>();
  private practice: Promise<PracticeEhr> | null = null;

  constructor(
    ledger: LedgerReader,
    paths: Pick<WorkspacePaths, 'practiceChart' | 'practiceFaults'>,
    mayHostPractice: () => boolean,
  ) {
    this.ledger = ledger;
    this.practiceChart = paths.practiceChart;
    this.practiceFaults = paths.practiceFaults;
    this.mayHostPractice = mayHostPractice;
  }

  open(name: string): Promise<EhrGateway | { refused: FailureCode; message: string }> {
    let gateway = this.open_.get(name);
    if (gateway === undefined) {
      gateway = this.build(name);
      this.open_.set(name, gateway);
      // A connection that could not be opened is tried again when it is next asked for.
      void gateway.then((opened) => 'refused' in opened && this.open_.delete(name));
    }
    return gateway;
  }

  async close(): Promise<void> {
    for (const gateway of this.open_.values()) {
      const opened = await gateway;
      if (!('refused' in opened)) await opened.close();
    }
    await (await this.practice)?.close();
  }

  private async build(name: string): Promise<EhrGateway | { refused: FailureCode; message: string }> {
    const connection = await this.ledger.row('connection', workspaceLog, name);
    if (connection === undefined) return { refused: 'connection-unknown', message: `There is no connection "${name}".` };
    const factory = adapters[connection.adapter];
    if (factory === undefined)
      return { refused: 'connection-inactive', message: `This version has no adapter "${connection.adapter}".` };
    try {
      return factory({
        baseUrl: await this.baseUrl(connection),
        credential: credentialOf(connection),
        sha256,
        clock: systemClock,
        random: systemRandom,
      });
    } catch (error) {
      return { refused: 'connection-inactive', message: error instanceof Error ? error.message : String(error) };
    }
  }

  private async baseUrl(connection: Connection): Promise<string> {
    if (!connection.baseUrl.startsWith(PRACTICE)) return connection.baseUrl;
    if (!this.mayHostPractice())
      throw new Error('The practice EHR lives in the process that runs the engine, and that is another one.');
    this.practice ??= startPracticeEhr({
      dataFile: this.practiceChart,
      profile: connection.baseUrl.slice(PRACTICE.length),
      ...(existsSync(this.practiceFaults)
        ? { faults: faultPlan.parse(JSON.parse(readFileSync(this.practiceFaults, 'utf8'))) }
        : {}),
    });
    return (await this.practice).baseUrl;
  }
}

/** Reads the credential when it is needed, so that a renewed file is picked up and nothing secret stays in memory. */
function credentialOf(connection: Connection): () => Promise<{ authorization: string } | null> {
  const { auth } = connection;
  if (auth.kind === 'none') return () => Promise.resolve(null);
  return async () => {
    const { mode } = await stat(auth.file);
    if (process.platform !== 'win32' && (mode & 0o077) !== 0) throw new Error('the token file may be read by other users');
    return { authorization: `Bearer ${(await readFile(auth.file, 'utf8')).trim()}` };
  };
}
