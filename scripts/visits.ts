// `npm run --silent visits -- FILE... [--draft MODEL]`: visits with their transcript and note, one JSON object per line in the
// form of ACI-Bench, as events that `countersign check`, `dry-run` and `ingest` read. With --draft the note is the one that
// this model wrote; visits without one of it are left out.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

export interface VisitLine {
  readonly encounterId: string;
  readonly transcript: string;
  readonly clinicianNote: string;
  /** By the name of the model. */
  readonly modelDrafts?: Readonly<Record<string, string>>;
}

/** A visit as an event. What its clinician wrote was approved by a clinician; what a model wrote is proposed. */
export function visitRecord(visit: VisitLine, model: string | null): string | null {
  const text = model === null ? visit.clinicianNote : visit.modelDrafts?.[model];
  if (text === undefined) return null;
  return JSON.stringify({
    specVersion: '1.0',
    id: model === null ? `visit:${visit.encounterId}` : `visit:${visit.encounterId}:${model}`,
    type: model === null ? 'note.approved' : 'note.proposed',
    tenant: 'visits',
    source: 'visits',
    occurredAt: '2026-03-02T09:14:00Z',
    subject: { patient: { reference: `Patient/${visit.encounterId}` } },
    content: { note: { text } },
    ...(visit.transcript === '' ? {} : { provenance: { transcript: { text: visit.transcript } } }),
  });
}

/** Reads the files and writes one event per line; names of models are told where there is none of the one asked for. */
function main(): number {
  const { values, positionals } = parseArgs({ options: { draft: { type: 'string' } }, allowPositionals: true });
  if (positionals.length === 0) {
    process.stderr.write('Usage: npm run --silent visits -- FILE... [--draft MODEL]\n');
    return 2;
  }
  const visits = positionals.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line.trim() !== '')
      .map((line) => JSON.parse(line) as VisitLine),
  );
  const records = visits.flatMap((visit) => visitRecord(visit, values.draft ?? null) ?? []);
  if (records.length === 0) {
    const models = [...new Set(visits.flatMap(({ modelDrafts }) => Object.keys(modelDrafts ?? {})))];
    process.stderr.write(`No such visit.${models.length === 0 ? '' : ` Drafts there are of: ${models.join(', ')}`}\n`);
    return 1;
  }
  process.stdout.write(`${records.join('\n')}\n`);
  return 0;
}

if (process.argv[1] === import.meta.filename) {
  // Whoever reads may stop reading.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.exitCode = main();
}
