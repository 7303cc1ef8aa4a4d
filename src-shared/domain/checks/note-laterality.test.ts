import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Lexicon } from './lexicon.ts';
import { lateralityDiffers, sidesRepeated } from './note-laterality.ts';
import { negationDiffers } from './note-negation.ts';
import { contradictions } from './note-contradiction.ts';
import { readEvidence, readPart, type NoteContext } from './note.ts';
import { drugRules, findingRules } from './rules.ts';

const folder = path.join(import.meta.dirname, '..', '..', '..', 'resources', 'checks');
const read = (name: string): unknown => JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8'));
const lexicon = new Lexicon(drugRules.parse(read('drugs')), findingRules.parse(read('findings')));

function context(note: string, visit: string): NoteContext {
  return {
    parts: [readPart({ path: 'content.note.text', title: null, text: note }, lexicon)],
    evidence: readEvidence({ transcript: visit, chart: null, draft: null }, lexicon),
    lexicon,
  };
}

describe('left and right', () => {
  it.each([
    {
      what: 'the side whose rare words and numbers fit',
      note: 'There is a 7 mm cyst in the LEFT ovary.',
      visit:
        '[doctor] the right ovary looks normal . the left ovary shows a seven millimeter cyst . we watch the cyst\n[patient] okay',
      flipped: true,
    },
    {
      what: 'a slip of the tongue that is set right at once',
      note: 'Presents for RIGHT arm pain.',
      visit: '[doctor] she is here for left arm pain . right arm pain , right arm pain ?\n[patient] yes',
      flipped: true,
    },
    { what: 'a side of the back', note: 'Reports LEFT back pain.', visit: '[patient] my left back hurts', flipped: true },
    {
      what: 'what is denied of a side that the visit denies too',
      note: 'Reports right ear pain. Denies LEFT ear pain.',
      visit: '[patient] my right ear hurts , not on the left side , just my right ear',
      flipped: false,
    },
    {
      what: 'one place of the note against its others, though the visit names no side but that',
      note: 'LEFT elbow pain.\n\nRight elbow pain since the fall. Pain of the right elbow at night.',
      visit: '[patient] my left elbow hurts\n[doctor] okay',
      flipped: null,
    },
  ])('F2 $what', ({ note, visit, flipped }) => {
    const sides = (text: string): number => lateralityDiffers(context(text, visit)).filter(({ span }) => span.start >= 0).length;
    const as = note.replace('LEFT', 'left').replace('RIGHT', 'right');
    const other = note.replace('LEFT', 'right').replace('RIGHT', 'left');
    if (flipped === null) expect(sides(as)).toBeGreaterThan(0);
    else {
      expect(sides(as)).toBe(0);
      if (flipped) expect(sides(other)).toBe(1);
    }
  });

  it('F2 a side that the note names once is shown where the note says the other side of the same finding', () => {
    const note = 'Evaluation of left wrist pain.\nRight wrist pain after a fall.\nRight wrist pain is worse at night.';
    const [finding] = lateralityDiffers(context(note, '[patient] my left wrist hurts\n[doctor] okay')).filter(({ message }) =>
      message.includes('elsewhere'),
    );
    expect(note.slice(finding?.span.start, finding?.span.end)).toBe('left');
  });

  it.each([
    ['Pain began on the left side and moved to the left side.', 1],
    ['Pain began on the right side and moved to the left side.', 0],
    ['Warm over the left half of the chin; cold over the left half of the chin.', 1],
    ['Sore at the inner edge of the right foot, and hardly at the outer edge of the right foot.', 0],
  ])('F2 a side compared with itself: %s', (note, found) => {
    expect(sidesRepeated(context(note, ''))).toHaveLength(found);
  });
});

describe('what a denial leaves open', () => {
  it.each([
    ['Denies dry cough.', '[patient] i have a cough with phlegm . the cough is bad', 0],
    ['Denies cough.', '[patient] i have a cough with phlegm . the cough is bad', 1],
    ['Reports vomiting.', "[patient] the vomiting does n't come as often", 0],
    ['Reports vomiting.', "[patient] i do n't have vomiting", 1],
    ['Son had a stroke.', '[patient] i had no stroke', 0],
    ['No rash or bruising.', '[doctor] there is no rash and that just means redness or bruising . no rash or bruising', 0],
  ])('F2 %s | %s', (note, visit, found) => {
    expect(negationDiffers(context(note, visit))).toHaveLength(found);
  });

  it('F2 a cough of another kind does not contradict within the note', () => {
    expect(contradictions(context('He reports a cough at home.\nHe has no barky cough.', ''))).toEqual([]);
    expect(contradictions(context('He reports a cough at home.\nHe has no cough.', ''))).toHaveLength(1);
  });
});
