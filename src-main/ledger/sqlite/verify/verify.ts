import { setImmediate as turn } from 'node:timers/promises';
import { LogVerifier, nodeNumber, payloadCommitment, type Envelope } from '../../../../src-shared/audit/index.ts';
import { hex, type EntryType, type ProjectedEntry } from '../../../../src-shared/domain/index.ts';
import type { Random, VerifyProblem, VerifyReport } from '../../../ports/outbound/index.ts';
import { checkpointFileName, type CheckpointFileContent, type CheckpointFiles } from '../checkpoint-file.ts';
import type { Db } from '../connection.ts';
import { sha256, type Signer } from '../keys.ts';
import { Logs, type LogHead } from '../logs.ts';
import { unseal } from '../payload.ts';
import type { PageKey } from '../pages.ts';
import type { PayloadKeys } from '../payload-keys.ts';
import { readCheckpoints } from './checkpoint-check.ts';
import { damageProblems, findDamage, treeRoots } from './damage.ts';
import { derivedDifferences } from './derived-check.ts';
import { EntrySource, type EntryParts } from './entry-source.ts';
import { IndexCheck } from './index-check.ts';
import { liveWritesMax, ProjectionCheck } from './projection-check.ts';
import { ReadSnapshot } from './snapshot.ts';
import { SpillStore } from './spill-store.ts';

export interface VerifyParts {
  /** A connection of its own: the check reads one state of the ledger from beginning to end while others go on writing. */
  readonly db: Db;
  readonly keys: PayloadKeys;
  readonly files: CheckpointFiles;
  readonly signer: Signer;
  readonly site: string;
  readonly random: Pick<Random, 'bytes'>;
  /** The ledger file, for the check of its pages, and a name for a temporary file beside it. */
  readonly file: string;
  readonly spillFile: string;
  readonly pageKey: PageKey;
  /** Brings as much as possible from the WAL into the file, so that the pages checked are those in use. */
  readonly settleWal: () => void;
  /** Writes kept in memory at once; `liveWritesMax` unless told otherwise. */
  readonly liveMax?: number;
}

/** Entries read and checked between two turns of the event loop. */
const STRETCH = 256;
const PROBLEMS_MAX = 1_000;

/**
 * Checks everything the ledger promises about what it holds, without changing anything.
 *
 * Entries: bytes, chain, tree, signed roots, places without gaps, times that do not go back; bodies against the commitments
 * in their envelopes; rows, index, tallies, lanes against what the entries give; both copies of the checkpoints; the pages
 * of the file and SQLite's own structures. Memory does not grow with the ledger.
 */
export class Verification {
  private readonly parts: VerifyParts;
  private readonly snapshot: ReadSnapshot;
  private readonly problems: VerifyProblem[] = [];
  private found = 0;
  private checkpoints = 0;
  private erased = 0;
  private done = 0;
  private readonly besideBefore = new Map<string, CheckpointFileContent>();

  constructor(parts: VerifyParts) {
    this.parts = parts;
    this.snapshot = new ReadSnapshot(parts.db);
  }

  async run(progress: (done: number, total: number) => void): Promise<VerifyReport> {
    const { db } = this.parts;
    this.parts.settleWal();
    for (const name of this.parts.files.names()) this.besideBefore.set(name, this.parts.files.read(name));
    this.snapshot.begin();
    try {
      const heads = this.attempt('the list of logs', () => new Logs(db).all()) ?? [];
      const total = heads.reduce((sum, head) => sum + head.frontier.size, 0);
      for (const head of heads) await this.checkLog(head, total, progress);
      this.attempt('the counts', () => {
        for (const difference of derivedDifferences(db)) this.report('counts-differ', null, null, `In the rows, ${difference}.`);
      });
      await this.checkFile(heads);
      progress(this.done, total);
      return this.result();
    } finally {
      this.snapshot.end();
    }
  }

  private async checkLog(head: LogHead, total: number, progress: (done: number, total: number) => void): Promise<void> {
    const { db, files, signer, site, random, spillFile } = this.parts;
    const { log, tenant } = head;
    const source = new EntrySource(this.snapshot, log);
    const name = checkpointFileName(tenant);
    const signed =
      this.attempt(`the checkpoints of ${tenant}`, () => {
        const beside = { name, before: this.besideBefore.get(name) ?? null, after: files.exists(name) ? files.read(name) : null };
        return readCheckpoints(db, beside, signer, log, { site, tenant }, (message) =>
          this.report('checkpoint-differs', tenant, null, message),
        );
      }) ?? [];
    this.checkpoints += signed.length;
    const verifier = new LogVerifier({
      sha256,
      tenant,
      checkpoints: signed,
      node: (level, index) => source.node(nodeNumber(level, index)),
    });
    const spill = new SpillStore(spillFile, random);
    const projections = new ProjectionCheck(
      this.snapshot,
      log,
      tenant,
      spill,
      this.parts.liveMax ?? liveWritesMax,
      (code, seq, message) => this.report(code, tenant, seq, message),
    );
    const index = new IndexCheck(random.bytes(8));
    try {
      const { size } = head.frontier;
      for (let from = 0; from < size; from += STRETCH) {
        const stretch = source.read(from, Math.min(STRETCH, size - from));
        this.takeStretch(tenant, stretch.entries, stretch.unreadable, { verifier, projections, index });
        this.done += Math.min(STRETCH, size - from);
        progress(this.done, total);
        await turn();
      }
      verifier.finish(size, head.lastLeaf);
      for (const problem of verifier.problems) this.report(problem.code, tenant, problem.seq, problem.message);
      this.found += verifier.found - verifier.problems.length;
      projections.finish();
      if (projections.complete && this.attempt(`the index of ${tenant}`, () => index.agrees(db, log)) === false) {
        this.report(
          'index-differs',
          tenant,
          null,
          `The index of entries of ${tenant} is not what the entries give: lists by patient, person or write may be incomplete.`,
        );
      }
    } finally {
      spill.close();
    }
  }

  private takeStretch(
    tenant: string,
    entries: readonly EntryParts[],
    unreadable: readonly number[],
    check: { readonly verifier: LogVerifier; readonly projections: ProjectionCheck; readonly index: IndexCheck },
  ): void {
    const lost = new Set(unreadable);
    const take = (seq: number, entry: EntryParts | undefined): void => {
      if (entry === undefined) {
        check.verifier.lose(seq);
        check.projections.lose(seq);
        this.report('entry-unreadable', tenant, seq, `Entry ${seq} of ${tenant} cannot be read: a page of the file is damaged.`);
        return;
      }
      const envelope = check.verifier.add(entry);
      if (envelope === undefined) check.projections.lose(seq);
      else this.takeBody(tenant, entry, envelope, check);
    };
    const bySeq = new Map(entries.map((entry) => [entry.seq, entry]));
    const seqs = [...bySeq.keys(), ...lost].sort((a, b) => a - b);
    for (const seq of seqs) take(seq, bySeq.get(seq));
  }

  private takeBody(
    tenant: string,
    entry: EntryParts,
    envelope: Envelope,
    check: { readonly projections: ProjectionCheck; readonly index: IndexCheck },
  ): void {
    const { seq } = entry;
    const body = this.readBody(tenant, entry, envelope);
    if (body === undefined) {
      check.projections.lose(seq);
      return;
    }
    const projected = { type: envelope.type as EntryType, tenant, seq, at: envelope.at, body } as ProjectedEntry;
    const listed = check.projections.add(projected, envelope.stream, envelope.subject);
    if (check.projections.complete) check.index.add(envelope, listed);
  }

  /** The body of an entry, or `undefined` when it cannot be had or is not the one the envelope commits to. */
  private readBody(tenant: string, entry: EntryParts, envelope: Envelope): unknown {
    const { seq, payload } = entry;
    const name = `The body of entry ${seq} of ${tenant}`;
    if (payload === undefined) return this.report('payload-missing', tenant, seq, `${name} is missing.`);
    if (payload === null)
      return this.report('payload-unreadable', tenant, seq, `${name} cannot be read: a page of the file is damaged.`);
    const key = this.parts.keys.find(payload.keyId);
    if (key === null) {
      this.erased += 1;
      return undefined;
    }
    try {
      const { salt, body } = unseal(payload.sealed, key.key);
      if (hex(payloadCommitment(sha256, salt, body)) === envelope.payload) return JSON.parse(body.toString('utf8')) as unknown;
    } catch {
      return this.report('payload-changed', tenant, seq, `${name} was changed: it cannot be decrypted.`);
    }
    return this.report('payload-changed', tenant, seq, `${name} is not the one that its envelope commits to.`);
  }

  private async checkFile(heads: readonly LogHead[]): Promise<void> {
    const { db, file, pageKey } = this.parts;
    const tenantOf = (log: number): string => heads.find((head) => head.log === log)?.tenant ?? `log ${log}`;
    const damage = await findDamage(file, pageKey, treeRoots(db), tenantOf, () => turn());
    for (const problem of damageProblems(damage)) this.report(problem.code, problem.tenant, problem.seq, problem.message);
    // SQLite would stop at the first of the damaged pages, and say less than was said already.
    if (damage.damaged.length > 0) return;
    await turn();
    const structure =
      this.attempt('the structure of the file', () => db.prepare('PRAGMA integrity_check(20)').pluck().all() as string[]) ?? [];
    for (const line of structure) {
      if (line !== 'ok') this.report('file-structure', null, null, `SQLite finds the file inconsistent: ${line}.`);
    }
  }

  private attempt<T>(what: string, work: () => T): T | undefined {
    const attempt = this.snapshot.attempt(work);
    if (attempt === undefined)
      this.report('file-unreadable', null, null, `A page of the file is damaged, so that ${what} cannot be checked.`);
    return attempt?.value;
  }

  private report(code: string, tenant: string | null, seq: number | null, message: string): undefined {
    this.found += 1;
    if (this.problems.length < PROBLEMS_MAX) this.problems.push({ code, tenant, seq, message });
  }

  private result(): VerifyReport {
    const more = this.found - this.problems.length;
    const problems = [...this.problems];
    if (more > 0)
      problems.push({
        code: 'more-problems',
        tenant: null,
        seq: null,
        message: `${more} more problems were found and are not listed.`,
      });
    return { ok: this.found === 0, entries: this.done, checkpoints: this.checkpoints, erasedPayloads: this.erased, problems };
  }
}
