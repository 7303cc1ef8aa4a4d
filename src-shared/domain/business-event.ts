import { z } from 'zod';
import { Decimal } from '../fhir/index.ts';
import {
  content,
  count,
  date,
  dateTime,
  decimal,
  humanName,
  identifier,
  instant,
  name,
  needsAny,
  object,
  period,
  shortText,
  text,
} from './content.ts';

/** The business event, format 1.0 (A1): what a source reports as having happened, with the content it wants charted. */

/** Reports without content of their own: counted, so that the safe completion rate has its denominator (A1). */
export const reportTypes = [
  'encounter.opened',
  'encounter.closed',
  'capture.failed',
  'transcription.failed',
  'generation.failed',
  'review.rejected',
] as const;
/** `note.approved`, `problem.proposed`: what the event is about is the source's word, the content says what will be charted. */
const CONTENT_TYPE = /^[a-z][a-z0-9-]{0,62}\.(?:approved|proposed)$/;
const eventType = z.union([
  z.enum(reportTypes),
  z.string().regex(CONTENT_TYPE, 'is not a type like note.approved, nor a known report'),
]);

export const origins = ['ai', 'clinician', 'patient', 'device'] as const;
export type Origin = (typeof origins)[number];

/** `Type/id`, relative to the connection's base address (R4, references). */
const reference = z
  .string()
  .regex(/^[A-Z][A-Za-z]{1,40}\/(?!\.{1,2}$)[A-Za-z0-9\-.]{1,64}$/, 'is not a reference like Patient/123');
const named = { reference: reference.optional(), identifiers: z.array(identifier).min(1).optional() };
const findable = (value: { reference?: unknown; identifiers?: unknown }): boolean =>
  value.reference !== undefined || value.identifiers !== undefined;
const needsName = { message: 'needs identifiers or a reference' };

const patient = object({
  ...named,
  name: humanName.optional(),
  birthDate: date.optional(),
  gender: z.enum(['male', 'female', 'other', 'unknown']).optional(),
})
  .refine(findable, needsName)
  .meta({ id: 'PatientSubject', ...needsAny('reference', 'identifiers') });
const encounter = object({
  ...named,
  status: z
    .enum(['planned', 'arrived', 'triaged', 'in-progress', 'onleave', 'finished', 'cancelled', 'entered-in-error', 'unknown'])
    .optional(),
  class: shortText.optional(),
  period: period.optional(),
})
  .refine(findable, needsName)
  .meta({ id: 'EncounterSubject', ...needsAny('reference', 'identifiers') });
const practitioner = object({ ...named, name: humanName.optional() })
  .refine(findable, needsName)
  .meta({ id: 'PractitionerSubject', ...needsAny('reference', 'identifiers') });
const organization = object({ ...named, name: text.optional() })
  .refine(findable, needsName)
  .meta({ id: 'OrganizationSubject', ...needsAny('reference', 'identifiers') });

const subject = object({
  patient,
  encounter: encounter.optional(),
  practitioner: practitioner.optional(),
  organization: organization.optional(),
}).meta({ id: 'Subject' });

const approval = object({
  status: z.enum(['approved', 'rejected']),
  by: object({ id: name, name: text.optional(), role: shortText.optional(), npi: shortText.optional() }),
  at: instant,
  meaning: text.optional(),
  contentSha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'is not 64 hexadecimal digits')
    .optional(),
}).meta({ id: 'Approval' });

const duration = z.string().regex(/^PT(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+(?:\.\d+)?S)?$/, 'is not a duration like PT4S');
const provenance = object({
  model: object({ name: text, version: text.optional() }).optional(),
  promptTemplate: object({ id: text, version: text.optional() }).optional(),
  renderedPrompt: text.optional(),
  modelOutput: text.optional(),
  contextShown: z.array(text).optional(),
  captureMode: text.optional(),
  transcript: object({
    sha256: z
      .string()
      .regex(/^[0-9a-f]{64}$/)
      .optional(),
    text: text.optional(),
    segments: z
      .array(
        object({
          id: shortText,
          speaker: shortText.optional(),
          start: duration.optional(),
          end: duration.optional(),
          confidence: decimal.optional(),
          text: text.optional(),
        }),
      )
      .optional(),
  }).optional(),
  draft: object({ text }).optional(),
  transformations: z.array(object({ step: text, version: text.optional() })).optional(),
  safetyFilters: z.array(text).optional(),
  redactions: z.array(text).optional(),
  uncertainties: z.array(text).optional(),
  attestation: text.nullable().optional(),
}).meta({ id: 'Provenance' });

const consent = object({
  status: z.enum(['active', 'inactive', 'revoked', 'unknown']),
  purposes: z.array(text).optional(),
  reference: reference.optional(),
  expiresAt: dateTime.nullable().optional(),
}).meta({ id: 'ConsentState' });

const snapshot = object({ takenAt: instant, reliedOn: z.array(object({ reference, versionId: shortText })) }).meta({
  id: 'Snapshot',
});

export const businessEvent = object({
  specVersion: z.literal('1.0'),
  id: shortText,
  version: count
    .refine((value) => value >= 1, { message: 'starts at 1' })
    .meta({ minimum: 1 })
    .optional(),
  type: eventType,
  tenant: name,
  source: name,
  origin: z.enum(origins).optional(),
  occurredAt: instant,
  workflowStep: shortText.optional(),
  specialty: shortText.optional(),
  device: shortText.optional(),
  correlationId: shortText.optional(),
  subject,
  snapshot: snapshot.optional(),
  targets: z
    .array(object({ connection: name }))
    .min(1)
    .optional(),
  content: content.optional(),
  approval: approval.nullable().optional(),
  provenance: provenance.optional(),
  consent: consent.optional(),
  reason: text.optional(),
})
  .refine((value) => (reportTypes as readonly string[]).includes(value.type) || value.content !== undefined, {
    message: 'is required for this type of event',
    path: ['content'],
  })
  .refine((value) => !(reportTypes as readonly string[]).includes(value.type) || value.content === undefined, {
    message: 'must be left out for this type of event',
    path: ['content'],
  })
  .meta({
    if: { properties: { type: { enum: reportTypes } } },
    then: { not: { required: ['content'] } },
    else: { required: ['content'] },
  });

export type BusinessEvent = z.infer<typeof businessEvent>;
export type Subject = BusinessEvent['subject'];
export type PatientSubject = Subject['patient'];
export type EncounterSubject = NonNullable<Subject['encounter']>;
export type PractitionerSubject = NonNullable<Subject['practitioner']>;
export type OrganizationSubject = NonNullable<Subject['organization']>;
export type Approval = NonNullable<BusinessEvent['approval']>;

/** True for reports that carry no content and so never become a write. */
export function isReport(event: BusinessEvent): boolean {
  return event.content === undefined;
}

/** JSON Schema (2020-12) of the format, for those who send events. */
export function businessEventJsonSchema(): unknown {
  return z.toJSONSchema(businessEvent, {
    io: 'input',
    unrepresentable: 'any',
    override: ({ zodSchema, jsonSchema }) => {
      // Numbers are read as text-keeping decimals; to the sender they are JSON numbers.
      if (!(zodSchema instanceof z.ZodCustom) || !zodSchema.safeParse(Decimal.of('1')).success) return;
      jsonSchema.type = zodSchema.safeParse(Decimal.of('1.5')).success ? 'number' : 'integer';
    },
  });
}
