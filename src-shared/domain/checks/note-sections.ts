import type { NoteRules } from './compiled.ts';
import type { NoteContext, NoteFinding, NotePart } from './note.ts';

/** Sections that a note of this visit should have and does not (F1, F2). */

const HEADING = /^[ \t]*(?:[-•#*]+ ?)?([A-Za-z][A-Za-z &/-]{1,40}?)[ \t]*(?::|$)/gm;

/** The known sections of a note: titles of its parts and headings inside them. */
export function sectionsOf(parts: readonly NotePart[], rules: NoteRules): ReadonlySet<string> {
  const found = new Set<string>();
  const add = (title: string): void => {
    const plain = title.trim().toLowerCase();
    for (const { section, titles } of rules.sections) if (titles.includes(plain)) found.add(section);
  };
  for (const part of parts) {
    if (part.title !== null) add(part.title);
    for (const match of part.text.matchAll(HEADING)) add(match[1] ?? '');
  }
  return found;
}

const SECTIONED_MIN = 2;

export function sectionsMissing(context: NoteContext, rules: NoteRules): readonly NoteFinding[] {
  const present = sectionsOf(context.parts, rules);
  const [first] = context.parts;
  // A short free note without headings has no sections that could be missing.
  if (first === undefined || present.size < SECTIONED_MIN) return [];
  const heard = context.evidence.heard?.text.toLowerCase() ?? '';
  return rules.sections
    .filter(({ section, expected, heard: cues }) => {
      if (present.has(section) || expected === 'never') return false;
      return expected === 'always' || (cues ?? []).some((cue) => heard.includes(cue));
    })
    .map(({ section, expected }): NoteFinding => ({
      rule: 'note-section-missing',
      // Notes differ in their sections: shown, but nothing that has to be acknowledged.
      severity: 'information',
      path: first.path,
      span: { start: 0, end: 0 },
      message:
        expected === 'always'
          ? `The note has no ${section}.`
          : `The visit speaks of the ${section}; the note has no such section.`,
    }));
}
