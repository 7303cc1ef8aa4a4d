import type { CarePlanContent, MessageContent, OrderContent, TaskContent } from '../../../../src-shared/domain/index.ts';
import { codeableConcept, dateTime, listOf, members, notes, period } from '../../../../src-shared/fhir/index.ts';
import { concept, mapped, type MapContext, type Mapped } from './common.ts';

/** A proposed order as a ServiceRequest nobody can act on yet: intent `proposal`, status `draft` (https://hl7.org/fhir/R4/servicerequest.html). */
export function serviceRequest(item: OrderContent, context: MapContext): Mapped {
  return mapped(
    members({
      resourceType: 'ServiceRequest',
      meta: context.meta,
      identifier: context.identifiers,
      status: 'draft',
      intent: 'proposal',
      category: listOf(concept(item.category)),
      priority: item.priority,
      code: codeableConcept(item.code),
      subject: context.patient,
      encounter: context.encounter,
      occurrenceDateTime: dateTime(item.occurrenceAt),
      authoredOn: context.occurredAt,
      requester: context.author,
      reasonCode: listOf(concept(item.reason)),
      bodySite: listOf(concept(item.bodySite)),
      note: notes(item.note),
    }),
  );
}

/** A CarePlan (https://hl7.org/fhir/R4/careplan.html). */
export function carePlan(item: CarePlanContent, context: MapContext): Mapped {
  return mapped(
    members({
      resourceType: 'CarePlan',
      meta: context.meta,
      identifier: context.identifiers,
      status: item.status ?? 'active',
      intent: 'plan',
      category: listOf(concept(item.category)),
      title: item.title,
      description: item.description,
      subject: context.patient,
      encounter: context.encounter,
      period: period(item.period),
      created: context.occurredAt,
      author: context.author,
      activity: item.activities?.map(({ code, status, description }) => ({
        detail: members({ code: concept(code), status: status ?? 'not-started', description }),
      })),
      note: notes(item.note),
    }),
  );
}

/** A Task for somebody in the practice (https://hl7.org/fhir/R4/task.html). Its owner is a name, not an account of the EHR. */
export function task(item: TaskContent, context: MapContext): Mapped {
  return mapped(
    members({
      resourceType: 'Task',
      meta: context.meta,
      identifier: context.identifiers,
      status: 'requested',
      intent: 'order',
      priority: item.priority,
      code: concept(item.code),
      description: item.description,
      for: context.patient,
      encounter: context.encounter,
      authoredOn: context.occurredAt,
      requester: context.author,
      owner: item.owner === undefined ? undefined : { display: item.owner },
      reasonCode: concept(item.reason),
      note: notes(item.note),
      restriction: item.dueAt === undefined ? undefined : { period: { end: dateTime(item.dueAt) } },
    }),
  );
}

/** A message as Communication (https://hl7.org/fhir/R4/communication.html): `completed` only when the source says when it was sent. */
export function communication(item: MessageContent, context: MapContext): Mapped {
  const recipient =
    item.to === 'patient'
      ? members({ ...context.patient, display: item.recipient })
      : item.recipient === undefined
        ? undefined
        : { display: item.recipient };
  return mapped(
    members({
      resourceType: 'Communication',
      meta: context.meta,
      identifier: context.identifiers,
      status: item.sentAt === undefined ? 'preparation' : 'completed',
      category: listOf(concept(item.category)),
      priority: item.priority,
      subject: context.patient,
      topic: item.subject === undefined ? undefined : { text: item.subject },
      encounter: context.encounter,
      sent: dateTime(item.sentAt),
      recipient: listOf(recipient),
      sender: context.author,
      payload: [{ contentString: item.text }],
    }),
  );
}
