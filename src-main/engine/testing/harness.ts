import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect, peopleDecide, register, runEngine, takeIn, type EngineDeps } from '../index.ts';
import { FakeEhr } from './fake-ehr.ts';
import { openSqliteLedger } from '../../ledger/index.ts';
import { ucumUnits } from '../../platform/index.ts';
import type { Receipt, RunReport } from '../../ports/inbound/index.ts';
import type { Clock, Ledger, Timers } from '../../ports/outbound/index.ts';
import {
  checkRuleNames,
  compileChecks,
  consentPolicy,
  contractMatrix,
  type Actor,
  type Connection,
  type Finding,
  type Person,
  type Source,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';

// Read once: every harness uses the same rules.
const checks = compileChecks(
  Object.fromEntries(
    checkRuleNames.map((name): [string, unknown] => [
      name,
      JSON.parse(readFileSync(path.resolve(import.meta.dirname, `../../../resources/checks/${name}.json`), 'utf8')),
    ]),
  ),
  ucumUnits,
);

/** A clock that moves only when someone waits: tests of days of retries take milliseconds. */
export class TestClock implements Clock, Timers {
  private ms = Date.parse('2026-03-02T10:00:00Z');
  private stepped = 0;

  now(): number {
    return this.ms + this.stepped;
  }

  monotonic(): number {
    return this.ms;
  }

  advance(ms: number): void {
    this.ms += ms;
  }

  /** Sets the wall clock forward or back, while no time passes. */
  step(ms: number): void {
    this.stepped += ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<boolean> {
    // Work that is under way goes first; what is left afterwards is waiting for time.
    await new Promise((resolve) => setImmediate(resolve));
    if (signal?.aborted === true) return false;
    this.ms += ms;
    return true;
  }
}

export const tester: Actor = { kind: 'system', id: 'test' };
export const clinician: Person = { id: 'dr-lee', name: 'Dana Lee', roles: ['clinician'], npi: '1234567893', active: true };
export const owner: Person = { id: 'dr-okafor', name: 'Chidi Okafor', roles: ['clinical-owner'], npi: null, active: true };
export const scribe: Source = {
  name: 'scribe-7',
  tenants: null,
  types: null,
  origin: 'ai',
  approvals: 'medium',
  owner: 'admin',
  active: true,
};
export const connection: Connection = {
  name: 'ehr',
  adapter: 'fake',
  baseUrl: 'http://127.0.0.1/fhir',
  tenants: null,
  environment: 'practice',
  stage: 'limited-auto-write',
  baa: null,
  auth: { kind: 'none' },
  active: true,
};

export interface EventOptions {
  readonly id: string;
  readonly version?: number;
  readonly content?: string;
  readonly approved?: boolean;
  readonly patient?: string;
}

export const note = (text: string): string => JSON.stringify({ note: { text } });

/** The content of an event in which a patient permits or denies the use of their information. */
export const consentContent = (decision: 'permit' | 'deny', givenAt: string): string => {
  const category = { system: 'http://loinc.org', code: '59284-0' };
  return JSON.stringify({ consents: [{ scope: 'patient-privacy', category, decision, policy: 'urn:policy:clinic', givenAt }] });
};

export function record(options: EventOptions): string {
  const content = options.content ?? note(`Note of ${options.id}.`);
  const event = {
    specVersion: '1.0',
    id: options.id,
    version: options.version ?? 1,
    type: 'note.approved',
    tenant: 'north',
    source: 'scribe-7',
    occurredAt: '2026-03-02T09:00:00Z',
    subject: {
      patient: {
        identifiers: [{ system: 'urn:mrn', value: options.patient ?? 'p1' }],
        name: { family: 'Campbell' },
        birthDate: '1967-02-11',
      },
      encounter: { identifiers: [{ system: 'urn:visit', value: `v-${options.patient ?? 'p1'}` }] },
    },
    approval:
      options.approved === false
        ? null
        : {
            status: 'approved',
            by: { id: 'dr-lee' },
            at: '2026-03-02T09:10:00Z',
            contentSha256: createHash('sha256').update(content).digest('hex'),
          },
  };
  return `${JSON.stringify(event).slice(0, -1)},"content":${content}}`;
}

/** The engine on a real encrypted ledger, a fake EHR and a clock that the test moves. */
export class Harness {
  readonly ehr = new FakeEhr();
  readonly clock = new TestClock();
  /** What structure validation finds in whatever is prepared. */
  findings: readonly Finding[] = [];
  readonly deps: EngineDeps;
  private readonly folder: string;
  private line = 0;

  private constructor(folder: string, ledger: Ledger) {
    this.folder = folder;
    let ids = 0;
    this.deps = {
      ledger,
      gateways: this.ehr,
      definitions: { validate: () => this.findings },
      matrix: contractMatrix.parse(
        JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../resources/contracts/default.json'), 'utf8')),
      ),
      checks,
      consentPolicy: consentPolicy.parse(
        JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../resources/consent/default.json'), 'utf8')),
      ),
      clock: this.clock,
      timers: this.clock,
      random: { fraction: () => 0.5, id: () => `id-${(ids += 1)}`, bytes: (count) => new Uint8Array(randomBytes(count)) },
      sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
      pseudonym: (tenant, text) =>
        createHash('sha256')
          .update(JSON.stringify([tenant, text]))
          .digest('hex')
          .slice(0, 26),
      log: { write: () => undefined },
      engineId: 'engine-1',
      searchSettleMs: 3_000,
    };
  }

  static async open(connections: readonly Connection[] = [connection]): Promise<Harness> {
    const folder = mkdtempSync(path.join(tmpdir(), 'countersign-engine-'));
    const key = (): Uint8Array => new Uint8Array(randomBytes(32));
    const opened = await openSqliteLedger({
      folder,
      keys: { ledger: key(), payload: key(), signing: key() },
      site: 'test',
      clock: { now: () => Date.now(), monotonic: () => performance.now() },
      random: { bytes: (count) => new Uint8Array(randomBytes(count)) },
      create: true,
    });
    if (!opened.ok) throw new Error(opened.message);
    const harness = new Harness(folder, opened.ledger);
    const registry = register(harness.deps);
    await registry.person(clinician, 'no secret', tester);
    await registry.person(owner, 'no secret', tester);
    await registry.source(scribe, tester);
    for (const one of connections) await registry.connection(one, tester);
    return harness;
  }

  async ingest(...records: readonly string[]): Promise<readonly Receipt[]> {
    const receipts: Receipt[] = [];
    const incoming = records.map((text) => ({ file: 'test', line: (this.line += 1), text }));
    for await (const receipt of takeIn(this.deps)(incoming, tester)) receipts.push(receipt);
    return receipts;
  }

  /** Takes in one event that must be accepted; the ids of its writes. */
  async accept(options: EventOptions): Promise<readonly string[]> {
    const [receipt] = await this.ingest(record(options));
    if (receipt === undefined || receipt.status === 'refused' || receipt.status === 'duplicate')
      throw new Error(JSON.stringify(receipt));
    return receipt.writes;
  }

  /** The first write that a record becomes; rejects when it becomes none. */
  async oneWrite(text: string): Promise<string> {
    const [receipt] = await this.ingest(text);
    const id = receipt?.writes[0];
    if (id === undefined) throw new Error(JSON.stringify(receipt));
    return id;
  }

  /** Runs until nothing is left to do, or for as long as given on the test's clock. */
  drain(maxMs: number | null = null): Promise<RunReport> {
    return runEngine(this.deps)({ drain: true, maxMs, signal: new AbortController().signal });
  }

  async write(id: string): Promise<WriteRow> {
    const row = await this.deps.ledger.findWrite(id);
    if (row === undefined) throw new Error(`no write ${id}`);
    return row;
  }

  /** The entries about a write, oldest first. */
  async timeline(id: string) {
    return this.deps.ledger.entries((await this.write(id)).tenant, { stream: `write/${id}` }, 1_000);
  }

  /** Approves what a person would be shown of the write now. */
  async approve(id: string, person: Person, meaning = 'approved for the chart') {
    return this.decide.approve(id, person, meaning, (await this.write(id)).prepared?.sha256 ?? '');
  }

  get decide() {
    return peopleDecide(this.deps);
  }

  get inspect() {
    return inspect(this.deps);
  }

  async close(): Promise<void> {
    await this.deps.ledger.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
