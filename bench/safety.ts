// Note checks measured on real visits (quality.md, "Clinical safety"): what they find of defects seeded into notes that
// clinicians wrote, what they raise on the notes as they stand, and what they find in drafts that models wrote.
import { goldenNotes } from './safety/corpus.ts';
import { defectKinds, sectionAt, seed, type DefectKind } from './safety/defects.ts';
import { findingsOf, halfOf, isFound, isSpokenOf, readVisits, RULES, type Visit } from './safety/visits.ts';
import { benchChecks, type Figure } from './support.ts';
import type { CheckRules } from '../src-shared/domain/index.ts';

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
  const visits = readVisits();
  if (visits.length === 0) return Promise.resolve(figures);
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
  figures.push(...draftFigures(visits, rules), ...longestFigures(visits, rules), ...longNoteFigures(visits, rules));
  return Promise.resolve(figures);
}

interface Score {
  seeded: number;
  found: number;
  /** Findings of the same rules that were there without the defect. */
  before: number;
}

/** Scores under names, made when first asked for. */
class Scores {
  readonly all = new Map<string, Score>();

  of(name: string): Score {
    const score = this.all.get(name) ?? { seeded: 0, found: 0, before: 0 };
    this.all.set(name, score);
    return score;
  }

  /** Recall of each name with enough seeds and, where the rules spoke before too, precision. */
  figures(half: string, least: number): readonly Figure[] {
    return [...this.all]
      .filter(([, score]) => score.seeded >= least)
      .sort(([left], [right]) => left.localeCompare(right))
      .flatMap(([name, score]): readonly Figure[] => [
        { name: `${half}: recall, ${name} (${score.found} of ${score.seeded})`, value: score.found / score.seeded, unit: '' },
        ...(score.before === 0
          ? []
          : [{ name: `${half}: precision, ${name}`, value: score.found / (score.found + score.before), unit: '' }]),
      ]);
  }
}

function seededFigures(half: string, visits: readonly Visit[], rules: CheckRules, salt = 0): readonly Figure[] {
  const byKind = new Map<DefectKind, Score>(defectKinds.map((kind) => [kind, { seeded: 0, found: 0, before: 0 }]));
  const [bySection, byRecording, bySpoken] = [new Scores(), new Scores(), new Scores()];
  for (const [index, visit] of visits.entries()) {
    const clean = findingsOf(visit, visit.clinicianNote, rules);
    const stranger = visits[(index + 7) % visits.length]?.clinicianNote ?? '';
    for (const [kind, score] of byKind)
      for (const { span } of clean.filter((finding) => RULES[kind].includes(finding.rule))) {
        score.before += 1;
        bySection.of(`${kind}, ${sectionAt(visit.clinicianNote, span?.start ?? 0)}`).before += 1;
        if (GOALS.has(kind)) byRecording.of(`${kind}, ${visit.dataset}`).before += 1;
      }
    for (const defect of seed(visit.clinicianNote, stranger, salt)) {
      const found = isFound(defect, visit, clean, rules);
      const scores = [byKind.get(defect.kind), bySection.of(`${defect.kind}, ${defect.section}`)];
      if (GOALS.has(defect.kind)) scores.push(byRecording.of(`${defect.kind}, ${visit.dataset}`));
      if (defect.kind.startsWith('negation'))
        scores.push(bySpoken.of(`${defect.kind}, ${isSpokenOf(defect, visit) ? '' : 'not '}spoken of in the visit`));
      for (const score of scores) {
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
  return [
    ...recall,
    ...bySpoken.figures(half, 1),
    ...bySection.figures(half, SECTION_SEEDS_MIN),
    ...byRecording.figures(half, SECTION_SEEDS_MIN),
  ];
}

const SECTION_SEEDS_MIN = 10;
function cleanFigures(half: string, visits: readonly Visit[], rules: CheckRules): readonly Figure[] {
  const findings = visits
    .flatMap((visit) =>
      findingsOf(visit, visit.clinicianNote, rules).map(({ rule, severity }) => ({ rule, severity, dataset: visit.dataset })),
    )
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
    ...[...new Set(visits.map((visit) => visit.dataset))].sort().map((dataset): Figure => {
      const recorded = visits.filter((visit) => visit.dataset === dataset);
      const count = findings.filter((one) => one.dataset === dataset).length;
      return { name: `${half}: false alarms per clinician's note, ${dataset}`, value: count / recorded.length, unit: '' };
    }),
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

const LONG_CHARS = 1_000_000;

/** A note that no visit has: whether the time grows with the text, or faster. */
function longNoteFigures(visits: readonly Visit[], rules: CheckRules): readonly Figure[] {
  const [visit] = visits;
  if (visit === undefined) return [];
  const all = visits.map((one) => one.clinicianNote).join('\n');
  return [LONG_CHARS / 4, LONG_CHARS].map((chars): Figure => {
    const note = all.repeat(Math.ceil(chars / all.length)).slice(0, chars);
    const used = process.cpuUsage();
    findingsOf(visit, note, rules);
    const { user, system } = process.cpuUsage(used);
    return {
      name: `a note of ${chars / LONG_CHARS} million characters, processor time`,
      value: (user + system) / 1000,
      unit: 'ms',
    };
  });
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
