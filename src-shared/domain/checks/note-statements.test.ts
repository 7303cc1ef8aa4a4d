import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { Lexicon } from './lexicon.ts';
import { negationsLost } from './note-lost.ts';
import { statementsDiffer } from './note-statements.ts';
import { readEvidence, readPart, type NoteContext } from './note.ts';
import { negated } from './polarity.ts';
import { drugRules, findingRules } from './rules.ts';
import { tokenize } from './text.ts';
import { hear } from './transcript.ts';

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

describe('statements against the visit', () => {
  const visit = `[doctor] have you tried any heat or ice on the elbow ?
[patient] no , i have n't tried heat or ice
[doctor] did you get a vasectomy or a hernia repair ?
[patient] no
[doctor] the bone scan shows a small calcified spur near the heel
[doctor] you have pain to palpation of the medial joint line , okay ?`;

  it.each([
    ['a negation lost', 'He has tried heat and ice on the elbow.', 1],
    ['as it was said', 'He has not tried heat or ice on the elbow.', 0],
    ['a negation added', 'The bone scan shows no small calcified spur near the heel.', 1],
    ['as it was found', 'The bone scan shows a small calcified spur near the heel.', 0],
    ['another place', 'No pain to palpation of the lateral joint line.', 0],
    ['what is advised', 'He was advised to try heat and ice on the elbow.', 0],
    ['what nobody spoke of', 'He has never been abroad.', 0],
    ['a clause of one name that was denied', 'He has had a vasectomy.', 1],
    ['an instruction', 'Will order a bone scan of the heel.', 0],
  ])('F2 %s', (_name, note, found) => {
    const findings = statementsDiffer(context(note, visit));
    expect(findings).toHaveLength(found);
    for (const { rule, span, transcriptSpan } of findings) {
      expect(rule).toBe('note-negation-differs');
      expect(note.slice(span.start, span.end)).not.toBe('');
      expect(visit.slice(transcriptSpan?.start, transcriptSpan?.end)).not.toBe('');
    }
  });

  it.each([
    ['She reports any trouble with sneezing since the spring.', 1],
    ['She denies any trouble with sneezing since the spring.', 0],
    ['He is sure if it is the new mattress.', 1],
    ['He is not sure if it is the new mattress.', 0],
    ['If his complaints have improved, we will order a scan.', 1],
    ['If his complaints have not improved, we will order a scan.', 0],
    ['A cough with or with a nervous cause.', 1],
    ['X-rays show obvious signs of fracture.', 1],
    ['X-rays show no obvious signs of fracture.', 0],
    ['He reports having any pain in the elbow.', 1],
    ['He did take any medication before the visit.', 1],
    ['He did take his medication before the visit.', 0],
    ['Call if symptoms worsen or do resolve.', 1],
    ['Call if symptoms worsen or do not resolve.', 0],
    ['She is currently and has never been on hormones.', 1],
    ['She is not currently and has never been on hormones.', 0],
    ['The tests suggest asthma or pneumonia.', 0],
  ])('F2 lost by its own words: %s', (note, found) => {
    expect(negationsLost(context(note, visit))).toHaveLength(found);
  });

  it('F2 without a transcript nothing is held against it', () => {
    expect(statementsDiffer(context('He has tried heat and ice.', ''))).toEqual([]);
  });
});

describe('what was affirmed, denied or only asked', () => {
  it.each([
    ['[doctor] any chest pain ?\n[patient] a little bit', 'chest pain', 'affirmed'],
    ['[doctor] any chest pain ?\n[patient] slight cramps , sometimes', 'chest pain', 'affirmed'],
    ['[doctor] any fever , chills or cough ?\n[patient] just a cough', 'fever', 'denied'],
    ['[doctor] any fever , chills or cough ?\n[patient] just a cough', 'cough', 'affirmed'],
    ['[doctor] any chest pain or cough ?\n[patient] no chest pain but i do cough', 'chest pain', 'denied'],
    ['[doctor] any rash or anything like that no\n[patient] okay', 'rash', 'denied'],
    ['[doctor] you have a little edema , okay ?\n[patient] okay', 'edema', 'affirmed'],
    ['[doctor] things like pneumonia do you have any history of that\n[patient] no', 'pneumonia', 'denied'],
    ['[doctor] take it for the headaches any questions about that\n[patient] no', 'headache', 'affirmed'],
    ['[doctor] what have you taken for the headache ?\n[patient] no tylenol', 'headache', 'asked'],
    ['[doctor] how about any fevers\n[patient] diarrhea , no', 'diarrhea', 'denied'],
    ['[doctor] any rash or itching no\n[patient] yeah here', 'rash', 'asked'],
    ['[doctor] i do not see any fracture i do notice the effusion', 'effusion', 'affirmed'],
    ['[doctor] it did not seem like it swelled', 'edema', 'denied'],
    ['[doctor] we look for prostate cancer which i do not think you have', 'prostate cancer', 'denied'],
    ['[doctor] no thrush present some edema of the neck', 'edema', 'affirmed'],
    ['[doctor] no erythema and that just means redness or ecchymosis', 'bruising', 'denied'],
    ['[patient] i can not catch my breath', 'dyspnea', 'denied'],
  ])('F2 %j: %s is %s', (text, concept, polarity) => {
    const heard = hear(text, lexicon);
    const [mention] = heard.mentions.filter((one) => one.name === concept);
    expect(heard.polarity[mention?.from ?? -1]).toBe(polarity);
  });

  it.each([
    ['no redness, normal range of motion', 'redness', true],
    ['no redness, normal range of motion', 'motion', false],
    ['anxiety with or without musculoskeletal pain', 'pain', false],
    ['this is not uncommon for him', 'him', false],
    ['no further work-up is needed', 'needed', true],
    ['non-surgical treatment with relief', 'relief', false],
    ['he is unable to play football', 'football', true],
    ['not only pain but swelling', 'pain', false],
    ['denies nausea but reports fatigue', 'fatigue', false],
    ['denies nausea, vomiting, or diarrhea', 'diarrhea', true],
    ['there is no soft lymph node', 'lymph', true],
    ['was scheduled to see an expert, but has not seen one', 'scheduled', false],
    ['a mass was not seen', 'mass', true],
  ])('F2 "%s": %s under a negation is %s', (text, word, expected) => {
    const tokens = tokenize(text);
    expect(negated(tokens, 'note')[tokens.findIndex((token) => token.text === word)]).toBe(expected);
  });
});
