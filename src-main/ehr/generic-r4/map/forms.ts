import type { ConsentContent, QuestionnaireResponseContent, ResponseItemContent } from '../../../../src-shared/domain/index.ts';
import {
  codeableConcept,
  codeOf,
  coding,
  dateTime,
  members,
  period,
  ucumQuantity,
  type ExactObject,
} from '../../../../src-shared/fhir/index.ts';
import { hl7, mapped, type MapContext, type Mapped } from './common.ts';

/** A QuestionnaireResponse (https://hl7.org/fhir/R4/questionnaireresponse.html). */
export function questionnaireResponse(item: QuestionnaireResponseContent, context: MapContext): Mapped {
  return mapped(
    members({
      resourceType: 'QuestionnaireResponse',
      meta: context.meta,
      identifier: context.identifier,
      questionnaire: item.questionnaire,
      status: item.status ?? 'completed',
      subject: context.patient,
      encounter: context.encounter,
      authored: dateTime(item.authoredAt) ?? context.occurredAt,
      author: context.author,
      item: item.items.map(responseItem),
    }),
  );
}

type Answer = NonNullable<ResponseItemContent['answers']>[number];

function responseItem(item: ResponseItemContent): ExactObject {
  return members({
    linkId: item.linkId,
    text: item.text,
    answer: item.answers?.map(answerOf),
    item: item.items?.map(responseItem),
  });
}

function answerOf(answer: Answer): ExactObject {
  return members({
    valueString: answer.text,
    valueDecimal: answer.decimal,
    valueBoolean: answer.boolean,
    valueDate: answer.date,
    valueDateTime: dateTime(answer.dateTime),
    valueCoding:
      answer.coding === undefined ? undefined : coding(answer.coding.system, answer.coding.code, answer.coding.display),
    valueQuantity: answer.quantity === undefined ? undefined : ucumQuantity(answer.quantity.value, answer.quantity.unit),
  });
}

/** A Consent with its decision at the root of the provision (https://hl7.org/fhir/R4/consent.html). */
export function consent(item: ConsentContent, context: MapContext): Mapped {
  const isUri = /^[a-z][a-z0-9+.-]*:\S+$/i.test(item.policy);
  return mapped(
    members({
      resourceType: 'Consent',
      meta: context.meta,
      identifier: context.identifiers,
      status: item.status ?? 'active',
      scope: codeOf(hl7('consentscope'), item.scope),
      category: [codeableConcept(item.category)],
      patient: context.patient,
      dateTime: dateTime(item.givenAt) ?? context.occurredAt,
      organization: context.organization === undefined ? undefined : [context.organization],
      policy: isUri ? [{ uri: item.policy }] : undefined,
      policyRule: isUri ? undefined : { text: item.policy },
      provision: members({
        type: item.decision,
        period: period(item.period),
        purpose: item.purposes?.map((one) => coding(one.system, one.code, one.display ?? one.text)),
      }),
    }),
  );
}
