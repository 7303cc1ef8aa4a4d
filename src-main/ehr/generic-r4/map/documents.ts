import type { ClinicalItem } from '../../../../src-shared/domain/index.ts';
import {
  asString,
  codeableConcept,
  codeOf,
  dateTime,
  listOf,
  members,
  narrativeDiv,
  noteText,
  parseReference,
  unlessEmpty,
  type ExactObject,
} from '../../../../src-shared/fhir/index.ts';
import { concept, mapped, unmappable, type MapContext, type Mapped } from './common.ts';

type Narrative = Extract<ClinicalItem, { kind: 'note' | 'addendum' | 'patient-instructions' | 'intake-summary' }>;
export type DocumentItem = Narrative | Extract<ClinicalItem, { kind: 'document' }>;

interface DocumentKind {
  readonly title: string;
  /** LOINC, for a document that does not say what it is. */
  readonly type: readonly [code: string, display: string];
}

const KINDS: Readonly<Record<Narrative['kind'], DocumentKind>> = {
  note: { title: 'Progress note', type: ['11506-3', 'Progress note'] },
  addendum: { title: 'Addendum', type: ['55107-7', 'Addendum Document'] },
  'patient-instructions': { title: 'Patient instructions', type: ['69730-0', 'Instructions'] },
  'intake-summary': { title: 'Intake summary', type: ['34109-9', 'Note'] },
};

const CLINICAL_NOTE = codeOf(
  'http://hl7.org/fhir/us/core/CodeSystem/us-core-documentreference-category',
  'clinical-note',
  'Clinical Note',
);

/**
 * A note or file as DocumentReference (https://hl7.org/fhir/R4/documentreference.html), its bytes inside as base64. The
 * document says nothing about who authenticated it: approval is this product's record, not a signature in the EHR.
 */
export function documentReference(clinical: DocumentItem, context: MapContext): Mapped {
  const relates = relation(clinical, context, 'DocumentReference');
  if (typeof relates === 'object') return relates;
  const { item } = clinical;
  const at = dateTime(item.at);
  const created = at ?? context.occurredAt;
  const attachment =
    clinical.kind === 'document'
      ? members({ contentType: clinical.item.contentType, data: clinical.item.data, title: item.title, creation: created })
      : members({
          contentType: 'text/plain; charset=utf-8',
          language: clinical.item.language,
          data: Buffer.from(noteText(clinical.item), 'utf8').toString('base64'),
          title: item.title ?? KINDS[clinical.kind].title,
          creation: created,
        });
  return mapped(
    members({
      resourceType: 'DocumentReference',
      meta: context.meta,
      identifier: context.identifiers,
      status: 'current',
      docStatus: 'final',
      type: documentType(clinical),
      category: clinical.kind === 'document' ? undefined : [CLINICAL_NOTE],
      subject: context.patient,
      date: context.occurredAt,
      author: context.authors,
      relatesTo: relates === undefined ? undefined : [{ code: relates, target: context.target }],
      description: clinical.kind === 'document' ? clinical.item.description : undefined,
      content: [{ attachment }],
      context: unlessEmpty(
        members({ encounter: listOf(context.encounter), period: at === undefined ? undefined : { start: at } }),
      ),
    }),
  );
}

/** The same words as a Composition (https://hl7.org/fhir/R4/composition.html), for servers that want their notes so. */
export function composition(clinical: Narrative, context: MapContext): Mapped {
  const relates = relation(clinical, context, 'Composition');
  if (typeof relates === 'object') return relates;
  const { item } = clinical;
  const sections: ExactObject[] = [];
  for (const part of [
    ...(item.text === undefined ? [] : [{ title: undefined, text: item.text, code: undefined }]),
    ...(item.sections ?? []),
  ]) {
    const div = narrativeDiv(part.text);
    if (div === undefined)
      return unmappable('structure-invalid', 'the text holds a control character that a Composition cannot carry');
    sections.push(members({ title: part.title, code: concept(part.code), text: { status: 'additional', div } }));
  }
  return mapped(
    members({
      resourceType: 'Composition',
      meta: context.meta,
      language: item.language,
      identifier: context.identifier,
      status: 'final',
      type: documentType(clinical),
      category: [CLINICAL_NOTE],
      subject: context.patient,
      encounter: context.encounter,
      date: dateTime(item.at) ?? context.occurredAt,
      author: context.authors ?? listOf(context.organization),
      title: item.title ?? KINDS[clinical.kind].title,
      relatesTo: relates === undefined ? undefined : [{ code: relates, targetReference: context.target }],
      section: sections,
    }),
  );
}

function documentType(clinical: DocumentItem): ExactObject | undefined {
  if (clinical.item.type !== undefined) return codeableConcept(clinical.item.type);
  if (clinical.kind === 'document') return undefined;
  const [code, display] = KINDS[clinical.kind].type;
  return codeOf('http://loinc.org', code, display);
}

/** An addendum is appended to its original; any other document that stands for an earlier one replaces it. R4 relates only equals. */
function relation(clinical: DocumentItem, context: MapContext, type: string): 'appends' | 'replaces' | Mapped | undefined {
  const target = asString(context.target?.reference);
  if (target === undefined) {
    return clinical.kind === 'addendum' ? unmappable('target-not-found', 'an addendum needs the document it amends') : undefined;
  }
  if (parseReference(target)?.type !== type)
    return unmappable('operation-unsupported', `a ${type} cannot be related to ${target}`);
  return clinical.kind === 'addendum' ? 'appends' : 'replaces';
}
