// Note checks measured on real visits (quality.md, "Clinical safety"): what they find of defects seeded into notes that
// clinicians wrote, what they raise on the notes as they stand, and what they find in drafts that models wrote.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { goldenNotes } from './safety/corpus.ts';
import { defectKinds, seed, type DefectKind, type Seeded } from './safety/defects.ts';
import { benchChecks, root, type Figure } from './support.ts';
import { businessEvent, checkEvent, type CheckRules, type Finding } from '../src-shared/domain/index.ts';

interface Visit {
  readonly encounterId: string;
  readonly transcript: string;
  readonly clinicianNote: string;
  readonly modelDrafts?: Readonly<Record<string, string>>;
}

const data = path.join(root, '..', 'shared', 'data', 'aci-bench');
const FILES = ['train.ndjson', 'valid.ndjson', 'test1-with-model-drafts.ndjson'];

/** Rules that are about a kind of defect; what other rules say about the place is not counted for it. */
const RULES: Readonly<Record<DefectKind, readonly string[]>> = {
  'drug changed': ['note-drug-not-heard', 'note-dose-not-heard'],
  'dose changed': ['note-dose-not-heard', 'note-contradiction'],
  'negation dropped': ['note-negation-differs', 'note-contradiction', 'note-finding-not-heard', 'note-diagnosis-not-heard'],
  'negation added': ['note-negation-differs', 'note-contradiction'],
  'laterality flipped': ['note-laterality-differs', 'note-contradiction'],
  'finding invented': [
    'note-finding-not-heard',
    'note-diagnosis-not-heard',
    'note-procedure-not-heard',
    'note-negation-differs',
    'note-contradiction',
  ],
  'section dropped': ['note-section-missing'],
  'unsafe abbreviation': ['note-unsafe-abbreviation'],
  'text of another patient': [
    'note-foreign-text',
    'note-other-patient',
    'note-drug-not-heard',
    'note-dose-not-heard',
    'note-finding-not-heard',
    'note-diagnosis-not-heard',
    'note-procedure-not-heard',
    'note-laterality-differs',
    'note-negation-differs',
    'note-contradiction',
    'note-number-differs',
    'note-date-not-heard',
  ],
};
const GOALS: ReadonlySet<DefectKind> = new Set([
  'drug changed',
  'dose changed',
  'negation dropped',
  'negation added',
  'laterality flipped',
]);

/** `full`: also two other splits, each with another run of the seeder. */
export function run(full = false): Promise<readonly Figure[]> {
  const rules = benchChecks();
  const figures: Figure[] = [...corpusFigures(rules)];
  if (!existsSync(data)) return Promise.resolve(figures);
  const visits = FILES.flatMap((file) =>
    readFileSync(path.join(data, file), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Visit),
  );
  for (const half of ['tuning', 'held out'] as const) {
    const members = visits.filter((visit) => halfOf(visit) === half);
    figures.push(...seededFigures(half, members, rules), ...cleanFigures(half, members, rules));
  }
  for (const salt of full ? [1, 2] : [])
    for (const half of ['tuning', 'held out'] as const) {
      const members = visits.filter((visit) => halfOf(visit, salt) === half);
      const name = `split ${salt}, ${half === 'tuning' ? 'one' : 'other'} half`;
      figures.push(...seededFigures(name, members, rules, salt).filter((figure) => figure.goal !== undefined));
      figures.push(...cleanFigures(name, members, rules).slice(0, 1));
    }
  figures.push(...draftFigures(visits, rules), ...longestFigures(visits, rules));
  return Promise.resolve(figures);
}

/** By a hash of the visit's id: the rules were written while looking at the first half only. */
function halfOf(visit: Visit, salt = 0): 'tuning' | 'held out' {
  return (createHash('sha256')
    .update(salt === 0 ? visit.encounterId : `${salt} ${visit.encounterId}`)
    .digest()[0] ?? 0) %
    2 ===
    0
    ? 'tuning'
    : 'held out';
}

const CHECKED_AT = Date.parse('2026-03-02T10:00:00Z');

/** The findings of a visit with this note, as `countersign check` gives them. */
function findingsOf(visit: Pick<Visit, 'encounterId' | 'transcript'>, note: string, rules: CheckRules): readonly Finding[] {
  const event = businessEvent.parse({
    specVersion: '1.0',
    id: `visit:${visit.encounterId}`,
    type: 'note.approved',
    tenant: 'bench',
    source: 'bench',
    occurredAt: '2026-03-02T09:14:00Z',
    subject: { patient: { reference: `Patient/${visit.encounterId}` } },
    content: { note: { text: note } },
    ...(visit.transcript === '' ? {} : { provenance: { transcript: { text: visit.transcript } } }),
  });
  return checkEvent(event, rules, { now: CHECKED_AT });
}

interface Score {
  seeded: number;
  found: number;
  /** Findings of the same rules that were there without the defect. */
  before: number;
}

function seededFigures(half: string, visits: readonly Visit[], rules: CheckRules, salt = 0): readonly Figure[] {
  const silent = { seeded: 0, found: 0 };
  const byKind = new Map<DefectKind, Score>(defectKinds.map((kind) => [kind, { seeded: 0, found: 0, before: 0 }]));
  const bySection = new Map<string, Score>();
  for (const [index, visit] of visits.entries()) {
    const clean = findingsOf(visit, visit.clinicianNote, rules);
    const stranger = visits[(index + 7) % visits.length]?.clinicianNote ?? '';
    for (const [kind, score] of byKind) score.before += clean.filter((finding) => RULES[kind].includes(finding.rule)).length;
    for (const defect of seed(visit.clinicianNote, stranger, salt)) {
      const found = isFound(defect, visit, clean, rules);
      if (defect.kind.startsWith('negation') && !isSpokenOf(defect, visit)) {
        silent.seeded += 1;
        silent.found += found ? 1 : 0;
      }
      const section = bySection.get(`${defect.kind}, ${defect.section}`) ?? { seeded: 0, found: 0, before: 0 };
      bySection.set(`${defect.kind}, ${defect.section}`, section);
      for (const score of [byKind.get(defect.kind), section]) {
        if (score === undefined) continue;
        score.seeded += 1;
        score.found += found ? 1 : 0;
      }
    }
  }
  const recall = [...byKind].flatMap(([kind, score]): readonly Figure[] => [
    {
      name: `${half}: recall, ${kind} (${score.found} of ${score.seeded})`,
      value: score.found / Math.max(1, score.seeded),
      unit: '',
      ...(GOALS.has(kind) ? { goal: { at: 'least' as const, value: 0.95 } } : {}),
    },
    // Of what a reader of these notes is shown under the rules, the share that is a defect.
    { name: `${half}: precision, ${kind}`, value: score.found / Math.max(1, score.found + score.before), unit: '' },
  ]);
  const sections = [...bySection]
    .filter(([, score]) => score.seeded >= SECTION_SEEDS_MIN)
    .sort(([left], [right]) => left.localeCompare(right))
    .map(([name, score]): Figure => ({
      name: `${half}: recall, ${name} (${score.found} of ${score.seeded})`,
      value: score.found / score.seeded,
      unit: '',
    }));
  const silentRecall: Figure = {
    name: `${half}: recall, negations of what was not spoken of (${silent.found} of ${silent.seeded})`,
    value: silent.found / Math.max(1, silent.seeded),
    unit: '',
  };
  return [...recall, silentRecall, ...sections];
}

const SPOKEN_CHARS = 40;

/** Whether any longer word right after the defect was said in the visit: without one there is little to hold it against. */
function isSpokenOf(defect: Seeded, visit: Visit): boolean {
  const after = defect.note.slice(defect.start, defect.end + SPOKEN_CHARS).toLowerCase();
  const words = (after.match(/[a-z]{5,}/g) ?? [])
    .filter((word) => !/^(?:report|denie|negat|posit|there|patie)/.test(word))
    .slice(0, 3);
  return words.some((word) => visit.transcript.toLowerCase().includes(word.slice(0, 6)));
}

const SECTION_SEEDS_MIN = 10;
/** Characters around a defect within which a finding is about it: its sentence and the next. */
const NEAR_CHARS = 250;

function isFound(defect: Seeded, visit: Visit, clean: readonly Finding[], rules: CheckRules): boolean {
  const shift = defect.note.length - visit.clinicianNote.length;
  const known = new Set(
    clean.flatMap(({ rule, span }) => (span === undefined ? [] : [`${rule} ${span.start}`, `${rule} ${span.start + shift}`])),
  );
  const own = findingsOf(visit, defect.note, rules).filter(({ rule }) => RULES[defect.kind].includes(rule));
  return own.some(({ rule, span }) => {
    if (span === undefined) return false;
    if (span.start < defect.end && span.end > defect.start) return true;
    if (defect.kind === 'section dropped') return own.length > clean.filter((one) => one.rule === rule).length;
    return !known.has(`${rule} ${span.start}`) && span.end >= defect.start - NEAR_CHARS && span.start <= defect.end + NEAR_CHARS;
  });
}

function cleanFigures(half: string, visits: readonly Visit[], rules: CheckRules): readonly Figure[] {
  const findings = visits
    .flatMap((visit) => findingsOf(visit, visit.clinicianNote, rules))
    .filter(({ severity }) => severity !== 'information');
  const counts = new Map<string, number>();
  for (const { rule } of findings) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return [
    {
      name: `${half}: false alarms per clinician's note`,
      value: findings.length / visits.length,
      unit: '',
      goal: { at: 'most', value: 1 },
    },
    ...[...counts].sort().map(([rule, count]): Figure => ({
      name: `${half}: per clinician's note, ${rule}`,
      value: count / visits.length,
      unit: '',
    })),
  ];
}

/** What is shown on drafts of models: nobody has marked them, so these are counts, neither right nor wrong. */
function draftFigures(visits: readonly Visit[], rules: CheckRules): readonly Figure[] {
  const models = new Map<string, { drafts: number; findings: number }>();
  for (const visit of visits)
    for (const [model, draft] of Object.entries(visit.modelDrafts ?? {})) {
      const count = models.get(model) ?? { drafts: 0, findings: 0 };
      count.drafts += 1;
      count.findings += findingsOf(visit, draft, rules).filter(({ severity }) => severity !== 'information').length;
      models.set(model, count);
    }
  return [...models].map(([model, { drafts, findings }]): Figure => ({
    name: `findings per draft of ${model} (${drafts})`,
    value: findings / drafts,
    unit: '',
  }));
}

const REPEATS = 9;

/** Wall and processor time of the longest visit: the wall also holds what else the machine does meanwhile. */
function longestFigures(visits: readonly Visit[], rules: CheckRules): readonly Figure[] {
  const [longest] = [...visits].sort((left, right) => right.transcript.length - left.transcript.length);
  const times = Array.from({ length: longest === undefined ? 0 : REPEATS }, () => {
    const began = performance.now();
    const used = process.cpuUsage();
    if (longest !== undefined) findingsOf(longest, longest.clinicianNote, rules);
    const { user, system } = process.cpuUsage(used);
    return { wall: performance.now() - began, processor: (user + system) / 1000 };
  });
  const median = (of: (time: { wall: number; processor: number }) => number): number =>
    times.map(of).sort((left, right) => left - right)[Math.floor(times.length / 2)] ?? 0;
  const goal = { at: 'most' as const, value: 100 };
  return [
    { name: 'longest visit, median time of all checks', value: median((time) => time.wall), unit: 'ms', goal },
    { name: 'longest visit, median processor time', value: median((time) => time.processor), unit: 'ms' },
  ];
}

/** The corpus of this project: each note with the rules that must speak, or none. */
function corpusFigures(rules: CheckRules): readonly Figure[] {
  let right = 0;
  for (const note of goldenNotes()) {
    const found = new Set(
      findingsOf({ encounterId: 'corpus', transcript: note.transcript }, note.note, rules)
        .filter(({ severity }) => severity !== 'information')
        .map(({ rule }) => rule),
    );
    if (note.expect.length === found.size && note.expect.every((rule) => found.has(rule))) right += 1;
  }
  return [
    {
      name: `corpus: notes judged as expected (${right} of ${goldenNotes().length})`,
      value: right / Math.max(1, goldenNotes().length),
      unit: '',
      goal: { at: 'least', value: 1 },
    },
  ];
}
