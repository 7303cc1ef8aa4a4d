import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from './ensure-installed.mjs';
import { visitRecord, type VisitLine } from './visits.ts';
import { findingsOf, readVisits } from '../bench/safety/visits.ts';
import { benchChecks } from '../bench/support.ts';
import { businessEvent, checkEvent } from '../src-shared/domain/index.ts';
import { parseExact } from '../src-shared/fhir/index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'countersign-visits-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const made: readonly VisitLine[] = [
  {
    encounterId: 'V1',
    transcript: '[doctor] any fever ?\n[patient] no\n[doctor] we will start lisinopril 20 mg daily',
    clinicianNote: 'The patient denies fever. Start lisinopril 20 mg daily.',
    modelDrafts: { 'model-a': 'The patient reports fever. Start warfarin 200 mg QD.', 'model-b': 'Well.' },
  },
  { encounterId: 'V2', transcript: '', clinicianNote: 'Well today.' },
];

function command(...args: readonly string[]) {
  const file = path.join(folder, 'visits.ndjson');
  writeFileSync(file, `${made.map((visit) => JSON.stringify(visit)).join('\n')}\n`);
  return spawnSync(process.execPath, [path.join(projectRoot, 'scripts/visits.ts'), file, ...args], { encoding: 'utf8' });
}

describe('visits as events', () => {
  it('F4 the events that `check` reads: notes of clinicians, or the drafts of one model', () => {
    const ids = (out: string): readonly string[] =>
      out
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => businessEvent.parse(JSON.parse(line)).id);
    expect(ids(command().stdout)).toEqual(['visit:V1', 'visit:V2']);
    expect(ids(command('--draft', 'model-a').stdout)).toEqual(['visit:V1:model-a']);
    const none = command('--draft', 'another');
    expect([none.status, none.stderr.trim()]).toEqual([1, 'No such visit. Drafts there are of: model-a, model-b']);
    expect(spawnSync(process.execPath, [path.join(projectRoot, 'scripts/visits.ts')]).status).toBe(2);
  }, 60_000);

  it('F4 `check` finds in them what the bench finds, in notes and in drafts', () => {
    const rules = benchChecks();
    // Where the visits of the bench are at hand, these; every seventh is enough to see a difference in how they are made.
    const visits: readonly VisitLine[] = readVisits().filter((_, at) => at % 7 === 0);
    let findings = 0;
    for (const visit of visits.length > 0 ? visits : made)
      for (const model of [null, ...Object.keys(visit.modelDrafts ?? {})]) {
        const parsed = parseExact(visitRecord(visit, model) ?? '', 64);
        const event = businessEvent.parse(parsed.ok ? parsed.value : null);
        const note = model === null ? visit.clinicianNote : (visit.modelDrafts?.[model] ?? '');
        const own = checkEvent(event, rules, { now: Date.now() });
        expect(own).toEqual(findingsOf(visit, note, rules));
        findings += own.length;
      }
    expect(findings).toBeGreaterThan(0);
  }, 60_000);
});
