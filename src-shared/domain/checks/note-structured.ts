import type { Content } from '../content.ts';
import { dosesOf } from './note-drugs.ts';
import { plain } from './numbers.ts';
import { spanOf, tokenize } from './text.ts';
import { words, type NoteContext, type NoteFinding } from './note.ts';

/** Items of the event that say something else than its note does (F2). */

export function structuredDiffers(context: NoteContext, content: Content): readonly NoteFinding[] {
  return [...medicationsDiffer(context, content), ...problemsDiffer(context, content), ...allergiesDiffer(context, content)];
}

function medicationsDiffer(context: NoteContext, content: Content): readonly NoteFinding[] {
  return (content.medications ?? []).flatMap((item, index): readonly NoteFinding[] => {
    const dose = item.dosage?.dose;
    const drug = conceptsIn(context, 'drug', item.medication)[0];
    if (dose === undefined || drug === undefined || dose.unit !== 'mg') return [];
    const written = context.parts.flatMap((part) =>
      dosesOf(part)
        .filter((one) => one.drug?.name === drug && one.unit === 'mg')
        .map((one) => ({ part, one })),
    );
    const [first] = written;
    if (first === undefined || written.some(({ one }) => one.value === plain(dose.value.text))) return [];
    return [
      {
        rule: 'note-structured-differs',
        severity: 'review',
        path: first.part.path,
        span: spanOf(first.part.tokens, first.one.from, first.one.to),
        message: `The note gives ${drug} ${words(first.part, first.one.from, first.one.to)}; content.medications[${index}] gives ${dose.value.text} ${dose.unit}.`,
      },
    ];
  });
}

function problemsDiffer(context: NoteContext, content: Content): readonly NoteFinding[] {
  return (content.problems ?? []).flatMap((item, index): readonly NoteFinding[] => {
    if (item.verificationStatus === 'refuted' || item.clinicalStatus === 'resolved' || item.clinicalStatus === 'inactive')
      return [];
    const names = [...conceptsIn(context, 'diagnosis', item.code), ...conceptsIn(context, 'symptom', item.code)];
    const stated = context.parts.flatMap((part) =>
      part.mentions
        .filter((one) => (one.kind === 'diagnosis' || one.kind === 'symptom') && names.includes(one.name))
        .map((one) => ({ part, one, denied: part.under[one.from] === true })),
    );
    const [first] = stated;
    if (first === undefined || stated.some((each) => !each.denied)) return [];
    return [
      {
        rule: 'note-structured-differs',
        severity: 'review',
        path: first.part.path,
        span: spanOf(first.part.tokens, first.one.from, first.one.to),
        message: `The note denies "${words(first.part, first.one.from, first.one.to)}"; content.problems[${index}] records it.`,
      },
    ];
  });
}

const NO_ALLERGIES =
  /\b(?:no known (?:drug |medication |food )?allerg\w+|NKDA|NKA|denies (?:any )?(?:known |drug |medication )?allergies)\b/i;

function allergiesDiffer(context: NoteContext, content: Content): readonly NoteFinding[] {
  if ((content.allergies ?? []).every((item) => item.verificationStatus === 'refuted')) return [];
  return context.parts.flatMap((part): readonly NoteFinding[] => {
    const match = NO_ALLERGIES.exec(part.text);
    if (match === null) return [];
    return [
      {
        rule: 'note-structured-differs',
        severity: 'review',
        path: part.path,
        span: { start: match.index, end: match.index + match[0].length },
        message: `The note says "${match[0]}"; content.allergies records one.`,
      },
    ];
  });
}

function conceptsIn(
  context: NoteContext,
  kind: string,
  concept: { readonly text?: string | undefined; readonly display?: string | undefined },
): readonly string[] {
  const text = concept.text ?? concept.display ?? '';
  return context.lexicon
    .mentions(tokenize(text))
    .filter((one) => one.kind === kind)
    .map((one) => one.name);
}
