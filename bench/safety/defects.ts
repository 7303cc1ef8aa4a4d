// Seeded defects: one change to a note that a clinician wrote, of a known kind at a known place. Deterministic per note.
import { createHash } from 'node:crypto';

export const defectKinds = [
  'drug changed',
  'dose changed',
  'negation dropped',
  'negation added',
  'laterality flipped',
  'finding invented',
  'section dropped',
  'unsafe abbreviation',
  'text of another patient',
] as const;
export type DefectKind = (typeof defectKinds)[number];

export interface Seeded {
  readonly kind: DefectKind;
  readonly note: string;
  /** Characters of the changed note that the defect touches. */
  readonly start: number;
  readonly end: number;
  /** Heading above the defect, for the figures by section. */
  readonly section: string;
  readonly words: string;
}

/** Variants of a note with one defect each; the same for the same note, stranger and salt. */
export function seed(note: string, stranger: string, salt = 0): readonly Seeded[] {
  const draw = drawer(salt === 0 ? note : `${salt} ${note}`);
  return [
    ...some(drugChanges(note, draw), 4, draw),
    ...some(doseChanges(note, draw), 4, draw),
    ...some(negationsDropped(note), 6, draw),
    ...some(negationsAdded(note), 3, draw),
    ...some(lateralities(note), 4, draw),
    ...some(invented(note, draw), 2, draw),
    ...sectionsDropped(note),
    ...some(abbreviations(note), 3, draw),
    ...some(foreign(note, stranger, draw), 1, draw),
  ];
}

type Draw = (below: number) => number;

function drawer(text: string): Draw {
  let count = 0;
  return (below) => {
    count += 1;
    return createHash('sha256').update(`${count} ${text}`).digest().readUInt32BE(0) % Math.max(1, below);
  };
}

function some<T>(items: readonly T[], most: number, draw: Draw): readonly T[] {
  const rest = [...items];
  const taken: T[] = [];
  while (rest.length > 0 && taken.length < most) taken.push(...rest.splice(draw(rest.length), 1));
  return taken;
}

function replaced(kind: DefectKind, note: string, start: number, end: number, by: string): Seeded {
  return {
    kind,
    note: note.slice(0, start) + by + note.slice(end),
    start,
    end: start + by.length,
    section: sectionAt(note, start),
    words: `${note.slice(start, end)} -> ${by}`,
  };
}

function each(note: string, pattern: RegExp, make: (match: RegExpExecArray) => Seeded | null): readonly Seeded[] {
  return [...note.matchAll(pattern)].flatMap((match) => make(match) ?? []);
}

const HEADING = /^[ \t]*([A-Z][A-Z &/]{2,40}):?[ \t]*$/gm;

/** Section of a note that a character stands in, by the heading above it. */
export function sectionAt(note: string, at: number): string {
  let name = 'none';
  for (const match of note.matchAll(HEADING)) if (match.index <= at) name = (match[1] ?? '').trim().toLowerCase();
  return SECTIONS.find(([, titles]) => titles.includes(name))?.[0] ?? 'other';
}

const SECTIONS: readonly (readonly [string, readonly string[]])[] = [
  [
    'history',
    [
      'chief complaint',
      'cc',
      'history of present illness',
      'hpi',
      'subjective',
      'past history',
      'medical history',
      'past medical history',
      'surgical history',
      'social history',
      'family history',
    ],
  ],
  ['review of systems', ['review of systems', 'ros']],
  ['medications and allergies', ['medications', 'current medications', 'allergies']],
  ['exam', ['physical exam', 'physical examination', 'exam', 'vitals', 'vitals reviewed']],
  ['results', ['results']],
  ['assessment and plan', ['assessment', 'plan', 'assessment and plan', 'impression', 'instructions']],
];

// Words of the seeder, not of the checks: what is seeded must not be taken from what is looked for.
const DRUGS =
  'Lisinopril Losartan Amlodipine Metoprolol Atenolol Carvedilol Furosemide Lasix Hydrochlorothiazide Spironolactone Metformin Glipizide Januvia Jardiance Ozempic Trulicity Lantus Insulin Atorvastatin Lipitor Simvastatin Crestor Warfarin Coumadin Eliquis Xarelto Plavix Aspirin Ibuprofen Motrin Advil Naproxen Aleve Meloxicam Mobic Tylenol Acetaminophen Oxycodone Percocet Norco Tramadol Gabapentin Lyrica Flexeril Prednisone Medrol Albuterol Flonase Symbicort Singulair Claritin Zyrtec Benadryl Amoxicillin Augmentin Azithromycin Doxycycline Bactrim Keflex Clindamycin Ciprofloxacin Omeprazole Prilosec Protonix Pepcid Zofran Miralax Synthroid Levothyroxine Zoloft Prozac Lexapro Wellbutrin Effexor Cymbalta Trazodone Xanax Ativan Ambien Seroquel Lithium Keppra Lamictal Topamax Allopurinol Colchicine Methotrexate Humira Flomax Oxybutynin Digoxin Amiodarone Clonidine Hydralazine Imitrex Lidocaine Penicillin Farxiga Entresto Sertraline Fluoxetine Cetirizine Pantoprazole'.split(
    ' ',
  );
const DRUG = new RegExp(`(?<![A-Za-z])(?:${DRUGS.join('|')})(?![A-Za-z])`, 'gi');

function drugChanges(note: string, draw: Draw): readonly Seeded[] {
  return each(note, DRUG, (match) => {
    const before = match[0].toLowerCase();
    const choice = DRUGS.filter((drug) => !note.toLowerCase().includes(drug.toLowerCase()));
    const by = choice[draw(choice.length)];
    if (by === undefined) return null;
    return replaced('drug changed', note, match.index, match.index + before.length, match[0] === before ? by.toLowerCase() : by);
  });
}

function doseChanges(note: string, draw: Draw): readonly Seeded[] {
  return each(
    note,
    /(?<![\d./])(\d+(?:\.\d+)?)(?=\s?(?:mg|mcg|milligrams?|micrograms?|units?|grams?)(?![A-Za-z/]))/g,
    (match) => {
      const value = Number(match[1]);
      const choices = [value * 10, value * 2, value / 2, value + 5, value * 5].map((one) => String(Number(one.toPrecision(4))));
      const by = choices[draw(choices.length)] ?? '';
      return replaced('dose changed', note, match.index, match.index + (match[1] ?? '').length, by);
    },
  );
}

const DROPS: readonly (readonly [RegExp, string])[] = [
  [/\bdenies\b/g, 'reports'],
  [/\bDenies\b/g, 'Reports'],
  [/\bdenied\b/g, 'reported'],
  [/\bwithout\b/g, 'with'],
  [/\bnegative for\b/g, 'positive for'],
  [/\bNegative for\b/g, 'Positive for'],
  [/\b(?:does|do|did|has|have|is|are|was|were) (not) /g, ''],
  [/\bno (?=[a-z])(?!longer|known|further|more|evidence)/g, ''],
  [/\bNo (?=[a-z])(?!longer|known|further|more|evidence)/g, ''],
];

function negationsDropped(note: string): readonly Seeded[] {
  return DROPS.flatMap(([pattern, by]) =>
    each(note, pattern, (match) => {
      const cue = match[1] === undefined ? match[0] : `${match[1]} `;
      const start = match.index + match[0].indexOf(cue);
      const end = start + cue.length;
      // Whoever leaves out the "No" of a sentence begins it with a capital all the same.
      if (cue !== 'No ') return replaced('negation dropped', note, start, end, by);
      return replaced('negation dropped', note, start, end + 1, (note[end] ?? '').toUpperCase());
    }),
  );
}

function capital(text: string): string {
  return (text[0] ?? '').toUpperCase() + text.slice(1);
}

const ADDS: readonly (readonly [RegExp, string])[] = [
  [/\bendorses\b/gi, 'denies'],
  [
    /\breports (?=(?:some |mild |right |left |occasional |having |intermittent )?(?:pain|swelling|nausea|cough|fatigue|dizziness|headache|shortness|numbness|tingling|weakness|back|knee|chest|nasal|congestion|depression|anxiety|fever|hip|shoulder|joint))/gi,
    'denies ',
  ],
  [/\bcomplains of\b/gi, 'denies'],
  [
    /(?<!not |to |occasionally |when (?:he|she) )\b(?:has|have|had) (?:a |some )?(?=(?:mild |right |left )?(?:pain|swelling|nausea|cough|fatigue|dizziness|headaches?|shortness|numbness|tingling|weakness|edema|tenderness|murmur|fever|diabetes|hypertension))/g,
    'has no ',
  ],
  [/\bpositive for\b/gi, 'negative for'],
  [/\bThere (?:is|are) (?!no\b|not\b|always\b)(?:a |an |the |some )?/g, 'There is no '],
];

function negationsAdded(note: string): readonly Seeded[] {
  return ADDS.flatMap(([pattern, by]) =>
    each(note, pattern, (match) =>
      replaced('negation added', note, match.index, match.index + match[0].length, /^[A-Z]/.test(match[0]) ? capital(by) : by),
    ),
  );
}

function lateralities(note: string): readonly Seeded[] {
  return each(note, /\b(left|right)\b(?! (?:now|away|after|handed))(?!-hand)/gi, (match) => {
    const side = match[0];
    const flipped = side.toLowerCase() === 'left' ? 'right' : 'left';
    const by = side === side.toUpperCase() ? flipped.toUpperCase() : /^[A-Z]/.test(side) ? capital(flipped) : flipped;
    return replaced('laterality flipped', note, match.index, match.index + side.length, by);
  });
}

const INVENTED = [
  'The patient also reports hemoptysis.',
  'He has noticed blood in his urine.',
  'She reports a recent seizure.',
  'There is a palpable breast mass.',
  'The patient endorses suicidal ideation.',
  'A new diastolic murmur is present.',
  'She also complains of double vision.',
  'There is marked jaundice.',
  'The patient has a history of pulmonary embolism.',
  'He reports black tarry stools.',
  'The patient was diagnosed with multiple sclerosis.',
  'Examination shows a purpuric rash.',
  'She underwent a splenectomy last year.',
  'The patient reports ringing in his ears.',
];

function invented(note: string, draw: Draw): readonly Seeded[] {
  const places = [...note.matchAll(/(?<=[a-z]\.)[ ]/g)].map((match) => match.index + 1);
  return INVENTED.filter((_, index) => (index + draw(3)) % 3 === 0).flatMap((sentence) => {
    const at = places[draw(places.length)];
    return at === undefined ? [] : [replaced('finding invented', note, at, at, `${sentence} `)];
  });
}

function sectionsDropped(note: string): readonly Seeded[] {
  const heads = [...note.matchAll(HEADING)];
  return heads.flatMap((head, index) => {
    const name = (head[1] ?? '').trim().toLowerCase();
    if (
      !/^(?:history of present illness|hpi|physical exam(?:ination)?|exam|results|assessment|plan|assessment and plan|impression)$/.test(
        name,
      )
    )
      return [];
    const end = heads[index + 1]?.index ?? note.length;
    return [{ ...replaced('section dropped', note, head.index, end, ''), section: sectionAt(note, head.index), words: name }];
  });
}

const SHORT: readonly (readonly [RegExp, string])[] = [
  [/\b(?:once )?daily\b/g, 'QD'],
  [/\bevery other day\b/g, 'QOD'],
  [/(?<=\d )units\b/g, 'U'],
  [/(?<=\b\d{1,3})(?= mg\b)/g, '.0'],
  [/\b0(?=\.\d+ ?mg)/g, ''],
];

function abbreviations(note: string): readonly Seeded[] {
  return SHORT.flatMap(([pattern, by]) =>
    each(note, pattern, (match) => replaced('unsafe abbreviation', note, match.index, match.index + match[0].length, by)),
  );
}

/** Three sentences in a row out of the history of another visit. */
function foreign(note: string, stranger: string, draw: Draw): readonly Seeded[] {
  const places = [...note.matchAll(/(?<=[a-z]\.)[ ]/g)].map((match) => match.index + 1);
  const sentences = stranger.split(/(?<=[a-z]\.)\s+/).filter((one) => one.length > 40 && !one.includes('\n'));
  const from = draw(Math.max(1, sentences.length - 3));
  const text = sentences.slice(from, from + 3).join(' ');
  const at = places[draw(places.length)];
  return at === undefined || text === '' ? [] : [replaced('text of another patient', note, at, at, `${text} `)];
}
