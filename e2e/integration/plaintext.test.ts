import { hkdfSync } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3-multiple-ciphers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventLine, noteContent, patients, type TestPatient } from '../support/chart.ts';
import { countFailpoints, CrashDesk, DOER, keys, killedDay, reopened, sampled, workThroughDay } from '../support/crash.ts';
import { effects } from '../support/set-up.ts';
import { compose } from '../../src-main/entry/engine.ts';
import { openWithKeys } from '../../src-main/entry/workspace.ts';
import { peopleDecide, runEngine, takeIn } from '../../src-main/engine/index.ts';
import { workspacePaths } from '../../src-main/platform/index.ts';
import { workspaceLog, type Exchange, type WriteRow } from '../../src-shared/domain/index.ts';

/** What a workspace shows to somebody who has its files: nothing about anybody, also after a crash, and less after erasure. */

let desk: CrashDesk;
beforeAll(async () => {
  desk = await CrashDesk.open();
});
afterAll(() => desk.close());

const [first, second] = patients;
if (first === undefined || second === undefined) throw new Error('two patients are needed');

/** Every file under a folder, as it lies on the disk. */
function filesOf(folder: string): readonly { readonly name: string; readonly bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => ({ name, bytes: readFileSync(path.join(parentPath, name)) }));
}

/** In which files a text stands, as it is written or in base64. */
function whereIs(folder: string, texts: readonly string[]): readonly string[] {
  return filesOf(folder).flatMap(({ name, bytes }) =>
    texts
      .filter(
        (text) => bytes.includes(text) || bytes.includes(Buffer.from(text).toString('base64').replace(/=+$/, '').slice(0, -2)),
      )
      .map((text) => `${name}: ${text}`),
  );
}

const ofPatient = ({ family, given, birthDate, id }: TestPatient): readonly string[] => [family, given, birthDate, `"${id}"`];
const secrets = (): readonly string[] => Object.values(keys()).flatMap((key) => [key.toString('hex'), key.toString('base64')]);

describe('INV-16 the files of a workspace', () => {
  it(
    'INV-16 show no patient, no text, no key: wherever the process was killed, and when the day is over',
    { timeout: 180_000 },
    async () => {
      const counts = await countFailpoints(desk.fresh());
      const hits = [...counts.values()].reduce((sum, count) => sum + count, 0);
      const texts = [...ofPatient(first), 'Heart rate', 'Progress note', ...secrets()];
      for (const n of sampled(hits - 40, 2).map((at) => at + 20)) {
        const folder = desk.fresh();
        await killedDay(folder, n);
        expect(whereIs(folder, texts)).toEqual([]);
        await workThroughDay(folder);
        expect(whereIs(folder, texts)).toEqual([]);
        const databases = filesOf(folder).filter(({ name }) => name.endsWith('.db'));
        expect(databases.map(({ name }) => name).sort()).toEqual(['ledger.db', 'payload-keys.db']);
        for (const { bytes } of databases) expect(bytes.subarray(0, 15).toString('latin1')).not.toBe('SQLite format 3');
        // The same texts are in the ledger, for who has its key: what is looked for can be found.
        await reopened(folder, async (ledger) => {
          const [row] = await ledger.writes({ limit: 1 });
          const entry = row === undefined ? undefined : await ledger.entry(row.tenant, row.eventSeq);
          expect(JSON.stringify(entry?.body)).toContain(first.family);
        });
      }
    },
  );

  it('INV-16 addresses asked of the EHR carry no name, no birth date and no text', async () => {
    const folder = desk.fresh();
    await workThroughDay(folder);
    await reopened(folder, async (ledger) => {
      const paths: string[] = [];
      for (const { tenant, id } of await ledger.writes({ limit: 100 })) {
        for (const { body } of await ledger.entries(tenant, { stream: `write/${id}` }, 100))
          if (body !== null && 'exchange' in body) paths.push(...(body.exchange as readonly Exchange[]).map((one) => one.path));
      }
      expect(paths.length).toBeGreaterThan(0);
      const { family, given, birthDate } = first;
      for (const one of paths) for (const text of [family, given, birthDate]) expect(decodeURIComponent(one)).not.toContain(text);
    });
  });
});

describe('INV-15 after the key of one patient was destroyed', () => {
  it(
    'INV-15 nothing of them can be read again or is sent, the proofs hold, and everybody else goes on',
    { timeout: 120_000 },
    async () => {
      const folder = desk.fresh();
      const day = path.basename(folder);
      const text = (who: string): string => `Words about ${who} on day ${day}.`;
      const line = (patient: TestPatient, id: string, approvedBy?: null): string =>
        eventLine({
          id: `${day}:${id}`,
          patient,
          content: noteContent(text(id)),
          ...(approvedBy === null ? { approvedBy } : {}),
        });
      const lines = [line(first, 'a'), line(second, 'b'), line(first, 'a-waits', null), line(second, 'b-waits', null)];
      await inside(folder, async ({ deps }) => {
        const records = lines.map((record, at) => ({ file: 'day', line: at + 1, text: record }));
        for await (const receipt of takeIn(deps)(records, DOER)) expect(receipt.status).toBe('accepted');
        await runEngine(deps)({ drain: true, maxMs: null, signal: new AbortController().signal });
      });
      const rows = await reopened(folder, async (ledger) => [...(await ledger.writes({ limit: 10 }))]);
      const of = (id: string): WriteRow => {
        const found = rows.find(({ eventId }) => eventId === `${day}:${id}`);
        if (found === undefined) throw new Error(`no write of ${id}`);
        return found;
      };
      expect([of('a'), of('b'), of('a-waits'), of('b-waits')].map(({ state }) => state.name)).toEqual([
        'committed',
        'committed',
        'awaiting-approval',
        'awaiting-approval',
      ]);

      destroyKey(folder, of('a').tenant, of('a').patientKey);
      await inside(folder, async ({ deps }) => {
        const report = await deps.ledger.verify();
        // Every leaf, root and signature holds. That the rows of the tenant cannot all be held against it is said.
        expect(new Set(report.problems.map(({ code, tenant }) => `${code} ${tenant ?? ''}`))).toEqual(
          new Set([`row-unchecked ${of('a').tenant}`]),
        );
        expect(report.erasedPayloads).toBeGreaterThan(0);
        const bodies = async (row: WriteRow) =>
          (await deps.ledger.entries(row.tenant, { stream: `write/${row.id}` }, 100)).map(({ body }) => body);
        expect((await bodies(of('a'))).every((body) => body === null)).toBe(true);
        expect((await bodies(of('b'))).some((body) => body === null)).toBe(false);
        expect((await deps.ledger.entry(of('a').tenant, of('a').eventSeq))?.body).toBeNull();

        const doctor = await deps.ledger.row('person', workspaceLog, 'dr-lee');
        if (doctor === undefined) throw new Error('nobody approves');
        for (const id of ['a-waits', 'b-waits'])
          await peopleDecide(deps)
            .approve(of(id).id, doctor, 'approved for the chart', of(id).prepared?.sha256 ?? '')
            .catch(() => undefined);
        await runEngine(deps)({ drain: true, maxMs: null, signal: new AbortController().signal });
        expect((await deps.ledger.findWrite(of('b-waits').id))?.state.name).toBe('committed');
        expect((await deps.ledger.findWrite(of('a-waits').id))?.state).toMatchObject({ name: 'failed-terminal' });
        expect((await deps.ledger.verify()).problems.every(({ code }) => code === 'row-unchecked')).toBe(true);
      });
      const counted = await effects(desk.ehr.controlUrl);
      expect([of('a'), of('b'), of('a-waits'), of('b-waits')].map(({ id }) => counted.get(id) ?? 0)).toEqual([1, 1, 0, 1]);
      expect(whereIs(folder, [...ofPatient(first), text('a')])).toEqual([]);
      // Nor to somebody with every key that is left: the ledger's own content, page by page, in clear.
      expect(readable(folder)).not.toContain(first.family);
      expect(readable(folder)).not.toContain(text('a'));
    },
  );
});

type Inside = ReturnType<typeof compose>;

async function inside(folder: string, use: (composition: Inside) => Promise<void>): Promise<void> {
  const composition = compose(await openWithKeys(workspacePaths(folder), keys()));
  try {
    await use(composition);
  } finally {
    await composition.close();
  }
}

/** Opens one of the two encrypted files as somebody with its key would. */
function keyed(folder: string, name: 'ledger.db' | 'payload-keys.db'): Database.Database {
  const file = path.join(folder, name);
  const { ledger, payload } = keys();
  const key =
    name === 'ledger.db'
      ? Buffer.from(ledger)
      : Buffer.from(hkdfSync('sha256', payload, '', 'countersign/payload-keys file', 32));
  const salt = readFileSync(file).subarray(0, 16).toString('hex');
  const db = new Database(file);
  db.pragma("cipher='sqlcipher'");
  db.pragma('legacy=4');
  db.pragma(`key="x'${key.toString('hex')}${salt}'"`);
  db.pragma('secure_delete=ON');
  return db;
}

function destroyKey(folder: string, tenant: string, subject: string): void {
  const db = keyed(folder, 'payload-keys.db');
  const done = db.prepare('DELETE FROM payload_key WHERE tenant = ? AND subject = ?').run(tenant, subject);
  expect(done.changes).toBe(1);
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}

/** Everything that the ledger's own key shows, as one text. */
function readable(folder: string): string {
  const db = keyed(folder, 'ledger.db');
  try {
    const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").pluck().all() as string[];
    return tables
      .flatMap((table) => db.prepare(`SELECT * FROM "${table}"`).all() as Record<string, unknown>[])
      .flatMap((row) => Object.values(row))
      .map((value) => (Buffer.isBuffer(value) ? value.toString('latin1') : String(value)))
      .join('\n');
  } finally {
    db.close();
  }
}
