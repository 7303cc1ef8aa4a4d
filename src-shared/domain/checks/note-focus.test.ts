import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Lexicon } from './lexicon.ts';
import { contradictions } from './note-contradiction.ts';
import { dosesNotHeard } from './note-drugs.ts';
import { focusDiffers } from './note-focus.ts';
import { lateralityDiffers } from './note-laterality.ts';
import { likestSays } from './note-places.ts';
import { cutSentences } from './note-text.ts';
import { mentionsIn, mentionsUpTo, readEvidence, readPart, sentenceAt, type NoteContext } from './note.ts';
import { drugRules, findingRules } from './rules.ts';
import { sentencesOf, tokenize } from './text.ts';

const read = (name: string): unknown =>
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, `../../../resources/checks/${name}.json`), 'utf8'));
const lexicon = new Lexicon(drugRules.parse(read('drugs')), findingRules.parse(read('findings')));

function context(note: string, transcript: string): NoteContext {
  return {
    parts: [readPart({ path: 'content.note.text', title: null, text: note }, lexicon)],
    evidence: readEvidence({ transcript, chart: null, draft: null }, lexicon),
    lexicon,
  };
}

const visit = `[doctor] we will get a ct scan without contrast of your abdomen and pelvis , okay ?
[patient] okay
[doctor] on the left forearm there is a three centimeter graft site with no residual scarring . there is a soft lymph node in the right groin
[patient] i am really tired a lot too
[doctor] the blood work was reviewed with no significant deviations other than the potassium
[doctor] i do not recommend any nasal surgery at this time
[patient] can i still go hiking
[doctor] there are no masses
[doctor] i do not feel any masses in the neck
[doctor] the elbow exam shows effusion
[doctor] does your jaw click ?
[patient] if i yawn it may click`;

describe('the word that a negation governs', () => {
  it.each([
    ['without a thing', 'Ordered a CT scan of the abdomen and pelvis with CONTRAST.'],
    ['no thing in a long sentence that is right otherwise', 'Left forearm: graft site of 3 cm with RESIDUAL scarring.'],
    ['what is told of another thing, with that thing', 'Nasal surgery is RECOMMENDED at this time.'],
    ['denied wherever it is spoken of', 'The neck is supple. MASSES noted.'],
    ['an item of a list that goes on with no', 'No rash of the neck, MASSES, no thrush.'],
    ['a finding that is there', 'Examination of the elbow: negative for EFFUSION.'],
    ['a finding in its surroundings', 'There is no SOFT lymph node in the right groin.'],
  ])('F2 %s', (_name, note) => {
    const findings = focusDiffers(context(note, visit));
    expect(findings.map(({ span }) => note.slice(span.start, span.end))).toContain(/[A-Z]{4,}/.exec(note)?.[0]);
    for (const { rule, severity, transcriptSpan } of findings) {
      expect([rule, severity]).toEqual(['note-negation-differs', 'review']);
      expect(visit.slice(transcriptSpan?.start, transcriptSpan?.end)).toMatch(/^\p{L}+$/u);
    }
  });

  it.each([
    ['as it was said', 'Ordered a CT scan of the abdomen and pelvis without contrast.'],
    ['as it was found', 'Left forearm: graft site of 3 cm with no residual scarring.'],
    ['a heading', 'MASSES: none.'],
    ['a title', 'Masses\n\nThe neck is supple.'],
    ['what is left open', 'Return if masses in the neck are felt.'],
    ['what is over', 'Neck masses were removed.'],
    ['what was only supposed', 'The jaw does not click.'],
    ['what nobody spoke of', 'Has no pets.'],
    ['what is only denied of today', 'No masses in the neck today.'],
    ['what somebody declined', 'Declined effusion removal at the elbow exam.'],
  ])('F2 nothing for %s', (_name, note) => {
    expect(focusDiffers(context(note, visit))).toEqual([]);
  });

  it('F2 nothing without a transcript', () => {
    expect(focusDiffers(context('CT with contrast.', ''))).toEqual([]);
    expect(
      likestSays(context('CT with contrast.', ''))(readPart({ path: 'a', title: null, text: 'CT' }, lexicon), 0, 'ct', false),
    ).toBe(false);
  });

  it.each([
    ['the likest place says the same', 'Graft site with no residual scarring.', 'residu', true, true],
    ['the likest place says the opposite', 'Graft site with residual scarring.', 'residu', false, false],
    ['what was never said', 'Has no pets.', 'pets', true, false],
  ])('F2 %s', (_name, note, name, denied, expected) => {
    const read = context(note, visit);
    const [part] = read.parts;
    const at = part?.tokens.findIndex((token) => token.text.startsWith(name)) ?? -1;
    expect(part !== undefined && likestSays(read)(part, at, name, denied)).toBe(expected);
  });
});

describe('one finding for one thing', () => {
  it('F2 the same dose of a drug in list and plan is shown once, another dose again', () => {
    const doses = (note: string): number => dosesNotHeard(context(note, '[patient] i take my lasix every day')).length;
    expect(doses('Lasix 40 mg daily.\nContinue Lasix 40 mg daily.')).toBe(1);
    expect(doses('Lasix 40 mg daily.\nContinue Lasix 80 mg daily.')).toBe(2);
  });

  it('F2 sentences that begin in lower case are shown once, with how many more', () => {
    const whole = 'He is well. He sleeps. He eats. He walks. He reads. He works. He runs. He swims. He sings. He rests. ';
    const found = cutSentences(context(`${whole}he was seen today. He left. and came back soon.`, ''));
    expect(found).toHaveLength(1);
    expect(found[0]?.message).toContain('1 more like it');
    expect(cutSentences(context(`${whole}he was seen today.`, ''))[0]?.message).not.toContain('more');
  });

  it('F2 a note that denies a finding twice is held against what it affirms once', () => {
    const note = 'She has a cough at night.\nDenies cough.\nDenies cough.';
    expect(contradictions(context(note, '[patient] i cough at night'))).toHaveLength(1);
  });
});

describe('long texts', () => {
  it('F2 a text without full stops is cut into sentences that stay short', () => {
    const tokens = tokenize('word '.repeat(1000));
    const sentences = sentencesOf(tokens);
    expect(Math.max(...sentences.map(([from, to]) => to - from))).toBeLessThanOrEqual(300);
    expect(sentences.map(([from]) => from)).toEqual([0, 300, 600, 900]);
    expect(sentences.at(-1)?.[1]).toBe(1000);
  });

  it('F2 sentences and names are found by their place', () => {
    const part = readPart({ path: 'a', title: null, text: 'He has chest pain. No cough.\nNo right knee pain' }, lexicon);
    const at = (word: string): number => part.tokens.findIndex((token) => token.text === word);
    expect(part.tokens.slice(...sentenceAt(part, at('cough'))).map(({ text }) => text)).toEqual(['no', 'cough']);
    expect(sentenceAt(part, part.tokens.length + 5)).toEqual([part.tokens.length + 5, part.tokens.length + 6]);
    expect(mentionsIn(part, ...sentenceAt(part, at('cough'))).map(({ name }) => name)).toEqual(['cough']);
    expect(mentionsUpTo(part, at('pain')).map(({ name }) => name)).toContain('chest pain');
    expect(mentionsUpTo(part, at('has'))).toEqual([]);
  });

  it('F2 four times the text takes no more than some eight times the steps of the rules that compare a note with itself', () => {
    const line = 'Pain of the left knee. No pain of the right hip. Denies cough. Has a cough. Lasix 40 mg daily. ';
    const reads = (times: number): number => {
      const read = context(line.repeat(times), '[patient] my left knee hurts');
      let count = 0;
      const [part] = read.parts;
      if (part === undefined) return 0;
      const counted = {
        ...part,
        sentences: new Proxy(part.sentences, {
          get: (target, key, self): unknown => {
            count += 1;
            return Reflect.get(target, key, self) as unknown;
          },
        }),
      };
      const watched = { ...read, parts: [counted] };
      contradictions(watched);
      lateralityDiffers(watched);
      dosesNotHeard(watched);
      return count;
    };
    expect(reads(400) / reads(100)).toBeLessThan(8);
  });
});
