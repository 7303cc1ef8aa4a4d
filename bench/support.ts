// What the benches share: an engine on the real ledger, adapter and definitions, and events to feed it.
import { spawn, type ChildProcess } from 'node:child_process';
import { createHash, createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { adapters } from '../src-main/ehr/index.ts';
import { register, type EngineDeps } from '../src-main/engine/index.ts';
import { openSqliteLedger } from '../src-main/ledger/index.ts';
import { r4Definitions, sha256, systemClock, systemRandom, systemTimers, ucumUnits } from '../src-main/platform/index.ts';
import type { EhrGateway } from '../src-main/ports/outbound/index.ts';
import {
  checkRuleNames,
  compileChecks,
  consentPolicy,
  contractMatrix,
  type Actor,
  type CheckRules,
} from '../src-shared/domain/index.ts';
import { limits } from '../src-shared/limits/index.ts';

/** One measured line: what it is, its figure, and the goal it is held against where there is one. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  readonly goal?: { readonly at: 'least' | 'most'; readonly value: number };
}

export const root = path.resolve(import.meta.dirname, '..');
export const bencher: Actor = { kind: 'system', id: 'bench' };

/** The shipped rules of the content checks. */
export function benchChecks(): CheckRules {
  const read = (name: string): unknown => JSON.parse(readFileSync(path.join(root, 'resources/checks', `${name}.json`), 'utf8'));
  return compileChecks(Object.fromEntries(checkRuleNames.map((name) => [name, read(name)])), ucumUnits);
}

export interface Rig {
  readonly deps: EngineDeps;
  readonly folder: string;
  close(): Promise<void>;
}

/** A workspace of its own in a temporary folder; `baseUrl` is the EHR that its one connection writes to. */
export async function openRig(baseUrl: string): Promise<Rig> {
  const folder = mkdtempSync(path.join(tmpdir(), 'countersign-bench-'));
  const key = (): Uint8Array => new Uint8Array(randomBytes(32));
  const opened = await openSqliteLedger({
    folder,
    keys: { ledger: key(), payload: key(), signing: key() },
    site: 'bench',
    clock: systemClock,
    random: systemRandom,
    create: true,
  });
  if (!opened.ok) throw new Error(opened.message);
  const open = adapters['generic-r4'];
  const gateway = open?.({ baseUrl, credential: () => Promise.resolve(null), sha256, clock: systemClock, random: systemRandom });
  if (gateway === undefined || 'refused' in gateway) throw new Error('the connection cannot be opened');
  const pseudonymKey = createSecretKey(randomBytes(32));
  const deps: EngineDeps = {
    ledger: opened.ledger,
    gateways: { open: () => Promise.resolve(gateway as EhrGateway) },
    definitions: r4Definitions(),
    matrix: contractMatrix.parse(JSON.parse(readFileSync(path.join(root, 'resources/contracts/default.json'), 'utf8'))),
    checks: benchChecks(),
    consentPolicy: consentPolicy.parse(JSON.parse(readFileSync(path.join(root, 'resources/consent/default.json'), 'utf8'))),
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    sha256,
    pseudonym: (tenant, text) => createHmac('sha256', pseudonymKey).update(`${tenant}\n${text}`).digest('hex').slice(0, 26),
    log: { write: () => undefined },
    engineId: 'bench',
    searchSettleMs: limits.searchSettleMs,
  };
  const registry = register(deps);
  await registry.person({ id: 'dr-bench', name: 'Dr Bench', roles: ['clinician'], npi: null, active: true }, '', bencher);
  await registry.source(
    { name: 'bench', tenants: null, types: null, origin: null, approvals: 'medium', owner: 'bench', active: true },
    bencher,
  );
  await registry.connection(
    {
      name: 'ehr',
      adapter: 'generic-r4',
      baseUrl,
      tenants: null,
      environment: 'practice',
      stage: 'limited-auto-write',
      baa: null,
      auth: { kind: 'none' },
      active: true,
    },
    bencher,
  );
  return {
    deps,
    folder,
    close: async () => {
      await gateway.close();
      await opened.ledger.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

const SENTENCES = [
  'The patient reports two weeks of intermittent cough without fever.',
  'Denies chest pain, shortness of breath or swelling of the legs.',
  'Lungs are clear on both sides; the heart is regular without murmur.',
  'Blood pressure was repeated after five minutes of rest.',
  'Continue the current medication and return in three months.',
  'Return earlier if the symptoms get worse or fever appears.',
];

/** About as long as a real clinic note: some 2.5 kB of text. */
function noteText(index: number): string {
  const parts: string[] = [];
  for (let at = 0; at < 38; at += 1)
    // The number keeps two notes of one patient from being almost the same, which would hold the second.
    parts.push(`${SENTENCES[(index + at * 7) % SENTENCES.length] ?? ''} [${index}]${at % 6 === 5 ? '\n\n' : ' '}`);
  return `Visit ${index}. ${parts.join('')}`;
}

/** The event of one visit as a line of NDJSON: one note. Patients repeat after `patients` events. */
export function eventRecord(index: number, patients: number, approved: boolean): string {
  const content = `{"note":{"title":"Progress note","type":{"system":"http://loinc.org","code":"11506-3"},"text":${JSON.stringify(noteText(index))}}}`;
  const patient = `p${index % patients}`;
  const approval = approved
    ? `{"status":"approved","by":{"id":"dr-bench"},"at":"2026-03-02T09:20:00Z","contentSha256":"${createHash('sha256').update(content).digest('hex')}"}`
    : 'null';
  return (
    `{"specVersion":"1.0","id":"bench:${index}","version":1,"type":"note.approved","tenant":"bench","source":"bench","occurredAt":"2026-03-02T09:14:00Z",` +
    `"subject":{"patient":{"identifiers":[{"system":"urn:bench","value":"${patient}"}],"name":{"family":"Bench"},"birthDate":"1970-01-01"},` +
    `"encounter":{"identifiers":[{"system":"urn:bench","value":"${patient}"}]}},"content":${content},"approval":${approval}}`
  );
}

/** Starts the fixed EHR in another process. */
export async function startFixedEhr(): Promise<{ readonly origin: string; stop(): Promise<void> }> {
  const child: ChildProcess = spawn(process.execPath, [path.join(import.meta.dirname, 'fixed-ehr.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  if (child.stdout === null) throw new Error('no standard output');
  const port = await new Promise<string>((resolve) =>
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).once('line', resolve),
  );
  return {
    origin: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.stdin?.end();
      }),
  };
}

export function seconds(since: number): number {
  return (performance.now() - since) / 1000;
}

/** The value at a share of the sorted values: 0.5 is the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Processes that wanted the processor during the last minute, these benches' own included. */
export function load(): number {
  return loadavg()[0] ?? Number.NaN;
}
