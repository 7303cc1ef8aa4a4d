import { z } from 'zod';
import { Decimal } from '../fhir/index.ts';
import { limits } from '../limits/index.ts';

/**
 * The canonical clinical model (A2): what a source may hand over, free of any vendor's names.
 *
 * These schemas are the one truth: the published JSON Schema is generated from them, and every record is read through
 * them. Unknown members are refused by name, because a silently dropped member is a silently dropped clinical fact.
 */

/**
 * An object with these members and no others. A number is read as a `Decimal`, which has members too: without the first
 * step, `"name": 7` would be taken for a name with the text "7".
 */
export const object = <S extends z.ZodRawShape>(shape: S) =>
  z.preprocess((value) => (value instanceof Decimal ? 0 : value), z.strictObject(shape));

/** What a refinement asks, said in JSON Schema too: the published format must not promise what is then refused. */
export const needsAny = (...names: readonly string[]) => ({ anyOf: names.map((required) => ({ required: [required] })) });
const needsOne = { minProperties: 1, maxProperties: 1 };

const FHIR_DATE = /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$/;
const FHIR_DATE_TIME =
  /^\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T([01]\d|2[0-3]):[0-5]\d(:([0-5]\d|60)(\.\d+)?)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00)))?)?)?$/;
const INSTANT =
  /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d(:([0-5]\d|60)(\.\d+)?)?(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))$/;
// Spelled as ranges, which every JSON Schema validator reads alike.
const CONTROL_FREE = /^[^\u0000-\u001f\u007f-\u009f]*$/;
// Flat on purpose: a pattern of groups of four overflows the engine's stack on an attachment of some megabytes.
const BASE64_TEXT = /^[A-Za-z0-9+/]*={0,2}$/;
const DECIMAL_TEXT = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** A day that exists: `2026-02-30` has the right shape and is still no date. */
function dayExists(text: string): boolean {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number);
  if (year === undefined || year === 0) return false;
  if (month === undefined || day === undefined) return true;
  if (month === 2) return day <= (isLeap(year) ? 29 : 28);
  return day <= ([4, 6, 9, 11].includes(month) ? 30 : 31);
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

const calendar = (pattern: RegExp, what: string) =>
  z.string().regex(pattern, `is not ${what}`).refine(dayExists, { message: 'is not a day of the calendar' });

/** FHIR `date` (R4, datatypes): year, month or day. */
export const date = calendar(FHIR_DATE, 'a date like 2026-03-02');
/** FHIR `dateTime` (R4, datatypes): a time of day always carries its zone. */
export const dateTime = calendar(FHIR_DATE_TIME, 'a date or a date and time with zone, like 2026-03-02T09:14:00Z');
/** FHIR `instant` (R4, datatypes), seconds optional. */
export const instant = calendar(INSTANT, 'a date and time with zone, like 2026-03-02T09:14:00Z');

/** Text with something to read in it: white space alone would chart an empty entry. */
export const text = z.string().regex(/\S/, 'must not be empty');
/** Text on one line: it goes into addresses, tables and log entries, where a line break or NUL would change what is read. */
export const shortText = text.max(limits.identifierCharsMax).regex(CONTROL_FREE, 'must not hold control characters');
/** A name that the people of a workspace choose: safe in file names, addresses and tables. */
export const name = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}$/, 'must be 1 to 64 letters, digits, dots, colons, dashes');

const jsonNumber = z.custom<Decimal>((value) => value instanceof Decimal, 'must be a number');

/** A number as JSON number or as a string with the decimal text; the characters are kept either way. */
export const decimal = z
  .union([jsonNumber, z.string().regex(DECIMAL_TEXT, 'is not a number')])
  .transform((value) => (typeof value === 'string' ? Decimal.of(value) : value))
  .meta({ id: 'Decimal' });

/** A whole number of zero or more that a double holds exactly. */
export const count = jsonNumber
  .refine((value) => /^\d{1,15}$/.test(value.text), { message: 'must be a whole number' })
  .transform((value) => Number(value.text))
  .meta({ id: 'Count', minimum: 0, maximum: 999_999_999_999_999 });

/** R4 `Identifier`: the system is a URI, so `system|value` can be taken apart again. */
export const identifier = object({ system: shortText.regex(/^[^\s|]*$/, 'is not a URI'), value: shortText }).meta({
  id: 'Identifier',
});

/** A code with its system, its words, or both (R4 `CodeableConcept`, first coding spelled out). */
export const concept = object({
  system: shortText.optional(),
  code: shortText.optional(),
  display: text.optional(),
  text: text.optional(),
  translations: z.array(object({ system: shortText, code: shortText, display: text.optional() })).optional(),
})
  .refine((value) => value.code !== undefined || value.text !== undefined || value.display !== undefined, {
    message: 'needs a code or a text',
  })
  .meta({ id: 'Concept', ...needsAny('code', 'text', 'display') });

export const quantity = object({ value: decimal, unit: shortText }).meta({ id: 'Quantity' });
export const period = object({ start: dateTime.optional(), end: dateTime.optional() }).meta({ id: 'Period' });
export const humanName = object({ family: text.optional(), given: z.array(text).optional(), text: text.optional() }).meta({
  id: 'HumanName',
});

export const contentClasses = ['fact', 'intention', 'ambiguity', 'suggestion'] as const;
/** Only facts and intentions become commands (A2); the others are kept and shown. */
export type ContentClass = (typeof contentClasses)[number];

const item = {
  key: name.optional(),
  class: z.enum(contentClasses).optional(),
  evidence: z.array(shortText).optional(),
};

const section = object({ title: text, text, code: concept.optional() }).meta({ id: 'Section' });

const narrative = {
  title: text.optional(),
  type: concept.optional(),
  sections: z.array(section).min(1).optional(),
  text: text.optional(),
  at: dateTime.optional(),
  language: shortText.optional(),
};
const hasWords = { message: 'needs sections or text' };
const words = (value: { sections?: unknown; text?: unknown }): boolean =>
  value.sections !== undefined || value.text !== undefined;

const note = object({ ...item, ...narrative })
  .refine(words, hasWords)
  .meta({ id: 'Note', ...needsAny('sections', 'text') });

/** Which earlier document is meant: by the event that made it, by a business identifier, or by its address in the EHR. */
const documentLink = object({ event: shortText.optional(), identifier: identifier.optional(), reference: shortText.optional() })
  .refine((value) => Object.values(value).filter((one) => one !== undefined).length === 1, {
    message: 'needs exactly one of event, identifier, reference',
  })
  .meta({ id: 'DocumentLink', ...needsOne });

const addendum = object({ ...item, ...narrative, amends: documentLink })
  .refine(words, hasWords)
  .meta({ id: 'Addendum', ...needsAny('sections', 'text') });

const measured = {
  code: concept,
  value: decimal.optional(),
  unit: shortText.optional(),
  valueConcept: concept.optional(),
  valueText: text.optional(),
  valueBoolean: z.boolean().optional(),
  interpretation: concept.optional(),
  dataAbsentReason: concept.optional(),
};
const oneValue = (value: Record<string, unknown>): boolean =>
  ['value', 'valueConcept', 'valueText', 'valueBoolean', 'dataAbsentReason'].filter((key) => value[key] !== undefined).length <=
  1;
const oneValueOnly = { message: 'carries more than one value' };
// A unit is charted with its number only; without one it would be dropped unseen.
const unitHasValue = (value: { value?: unknown; unit?: unknown }): boolean =>
  value.unit === undefined || value.value !== undefined;
const unitOfNothing = { message: 'has a unit and no value' };
const unitWithValue = { dependentRequired: { unit: ['value'] } };

const observation = object({
  ...item,
  ...measured,
  status: z.enum(['preliminary', 'final', 'amended', 'corrected']).optional(),
  category: z
    .enum(['vital-signs', 'laboratory', 'social-history', 'survey', 'exam', 'imaging', 'procedure', 'therapy', 'activity'])
    .optional(),
  effectiveAt: dateTime.optional(),
  effectivePeriod: period.optional(),
  bodySite: concept.optional(),
  method: concept.optional(),
  note: text.optional(),
  components: z
    .array(
      object(measured)
        .refine(oneValue, oneValueOnly)
        .refine(unitHasValue, unitOfNothing)
        .meta({ id: 'Component', ...unitWithValue }),
    )
    .min(1)
    .optional(),
})
  .refine(oneValue, oneValueOnly)
  .refine(unitHasValue, unitOfNothing)
  .refine((value) => value.effectiveAt === undefined || value.effectivePeriod === undefined, {
    message: 'carries both effectiveAt and effectivePeriod',
  })
  .meta({ id: 'Observation', ...unitWithValue, not: { required: ['effectiveAt', 'effectivePeriod'] } });

const problem = object({
  ...item,
  code: concept,
  clinicalStatus: z.enum(['active', 'recurrence', 'relapse', 'inactive', 'remission', 'resolved']).optional(),
  verificationStatus: z.enum(['unconfirmed', 'provisional', 'differential', 'confirmed', 'refuted']).optional(),
  category: z.enum(['problem-list-item', 'encounter-diagnosis']).optional(),
  severity: concept.optional(),
  bodySite: concept.optional(),
  onsetAt: dateTime.optional(),
  abatementAt: dateTime.optional(),
  note: text.optional(),
}).meta({ id: 'Problem' });

const allergy = object({
  ...item,
  substance: concept,
  clinicalStatus: z.enum(['active', 'inactive', 'resolved']).optional(),
  verificationStatus: z.enum(['unconfirmed', 'confirmed', 'refuted']).optional(),
  type: z.enum(['allergy', 'intolerance']).optional(),
  categories: z.array(z.enum(['food', 'medication', 'environment', 'biologic'])).optional(),
  criticality: z.enum(['low', 'high', 'unable-to-assess']).optional(),
  onsetAt: dateTime.optional(),
  reactions: z
    .array(
      object({
        manifestations: z.array(concept).min(1),
        severity: z.enum(['mild', 'moderate', 'severe']).optional(),
        description: text.optional(),
      }),
    )
    .optional(),
  note: text.optional(),
}).meta({ id: 'Allergy' });

const dosage = object({
  text: text.optional(),
  route: concept.optional(),
  dose: quantity.optional(),
  frequency: count.optional(),
  period: decimal.optional(),
  periodUnit: z.enum(['s', 'min', 'h', 'd', 'wk', 'mo', 'a']).optional(),
  asNeeded: z.boolean().optional(),
}).meta({ id: 'Dosage' });

const medication = object({
  ...item,
  medication: concept,
  /** `statement`: what the patient takes. `request`: a proposal to prescribe, change or stop. */
  record: z.enum(['statement', 'request']).optional(),
  change: z.enum(['start', 'continue', 'change', 'stop']).optional(),
  status: z.enum(['active', 'completed', 'intended', 'stopped', 'on-hold', 'not-taken']).optional(),
  dosage: dosage.optional(),
  effectiveAt: dateTime.optional(),
  effectivePeriod: period.optional(),
  reason: concept.optional(),
  note: text.optional(),
}).meta({ id: 'Medication' });

const order = object({
  ...item,
  code: concept,
  category: concept.optional(),
  priority: z.enum(['routine', 'urgent', 'asap', 'stat']).optional(),
  occurrenceAt: dateTime.optional(),
  reason: concept.optional(),
  bodySite: concept.optional(),
  note: text.optional(),
}).meta({ id: 'Order' });

const procedure = object({
  ...item,
  code: concept,
  status: z.enum(['preparation', 'in-progress', 'not-done', 'on-hold', 'stopped', 'completed']).optional(),
  performedAt: dateTime.optional(),
  performedPeriod: period.optional(),
  bodySite: concept.optional(),
  reason: concept.optional(),
  outcome: concept.optional(),
  note: text.optional(),
}).meta({ id: 'Procedure' });

const carePlan = object({
  ...item,
  title: text.optional(),
  description: text.optional(),
  category: concept.optional(),
  status: z.enum(['draft', 'active', 'on-hold', 'revoked', 'completed']).optional(),
  period: period.optional(),
  activities: z
    .array(
      object({
        description: text,
        code: concept.optional(),
        status: z.enum(['not-started', 'scheduled', 'in-progress', 'on-hold', 'completed', 'cancelled']).optional(),
      }),
    )
    .optional(),
  note: text.optional(),
}).meta({ id: 'CarePlan' });

const task = object({
  ...item,
  description: text,
  code: concept.optional(),
  priority: z.enum(['routine', 'urgent', 'asap', 'stat']).optional(),
  dueAt: dateTime.optional(),
  owner: text.optional(),
  reason: concept.optional(),
  note: text.optional(),
}).meta({ id: 'Task' });

const message = object({
  ...item,
  to: z.enum(['patient', 'team']),
  subject: text.optional(),
  text,
  priority: z.enum(['routine', 'urgent', 'asap', 'stat']).optional(),
  category: concept.optional(),
  sentAt: dateTime.optional(),
  recipient: text.optional(),
}).meta({ id: 'Message' });

const patientInstructions = object({ ...item, ...narrative })
  .refine(words, hasWords)
  .meta({ id: 'PatientInstructions', ...needsAny('sections', 'text') });

const answer = object({
  text: text.optional(),
  decimal: decimal.optional(),
  boolean: z.boolean().optional(),
  date: date.optional(),
  dateTime: dateTime.optional(),
  coding: object({ system: shortText.optional(), code: shortText, display: text.optional() }).optional(),
  quantity: quantity.optional(),
})
  .refine((value) => Object.values(value).filter((one) => one !== undefined).length === 1, { message: 'needs exactly one value' })
  .meta({ id: 'Answer', ...needsOne });

// Plain, because it stands inside itself and a wrapped one has no type then; a number has no `linkId` either.
const responseItem = z
  .strictObject({
    linkId: shortText,
    text: text.optional(),
    answers: z.array(answer).optional(),
    get items(): z.ZodOptional<z.ZodArray<typeof responseItem>> {
      return z.array(responseItem).optional();
    },
  })
  .meta({ id: 'ResponseItem' });

const questionnaireResponse = object({
  ...item,
  questionnaire: shortText,
  status: z.enum(['in-progress', 'completed', 'amended']).optional(),
  authoredAt: dateTime.optional(),
  items: z.array(responseItem).min(1),
}).meta({ id: 'QuestionnaireResponse' });

const consentRecord = object({
  ...item,
  scope: z.enum(['patient-privacy', 'treatment', 'research', 'adr']),
  category: concept,
  status: z.enum(['draft', 'proposed', 'active', 'rejected', 'inactive']).optional(),
  decision: z.enum(['permit', 'deny']),
  period: period.optional(),
  purposes: z.array(concept).optional(),
  policy: shortText,
  givenAt: dateTime.optional(),
}).meta({ id: 'ConsentRecord' });

const contactPoint = object({
  system: z.enum(['phone', 'fax', 'email', 'pager', 'url', 'sms', 'other']),
  value: text,
  use: z.enum(['home', 'work', 'temp', 'old', 'mobile']).optional(),
});
const address = object({
  use: z.enum(['home', 'work', 'temp', 'old', 'billing']).optional(),
  lines: z.array(text).optional(),
  city: text.optional(),
  district: text.optional(),
  state: text.optional(),
  postalCode: text.optional(),
  country: text.optional(),
});
const demographicsFields = {
  name: humanName.optional(),
  telecom: z.array(contactPoint).min(1).optional(),
  address: z.array(address).min(1).optional(),
  maritalStatus: concept.optional(),
  preferredLanguage: shortText.optional(),
};
/** The members named here replace what the chart holds; members left out stay as they are. */
const demographics = object({ ...item, ...demographicsFields })
  .refine((value) => Object.keys(demographicsFields).some((key) => key in value), { message: 'names nothing to change' })
  .meta({ id: 'Demographics', ...needsAny(...Object.keys(demographicsFields)) });

const encounterStatus = object({
  ...item,
  status: z.enum(['planned', 'arrived', 'triaged', 'in-progress', 'onleave', 'finished', 'cancelled']),
  at: dateTime.optional(),
}).meta({ id: 'EncounterStatus' });

const attachment = object({
  ...item,
  title: text,
  type: concept.optional(),
  contentType: z
    .string()
    .regex(/^[A-Za-z]+\/[A-Za-z0-9.+-]+(?:; ?charset=[A-Za-z0-9-]+)?$/, 'is not a media type like application/pdf'),
  /** Base64 of the bytes (RFC 4648, section 4). */
  data: text.regex(BASE64_TEXT, 'is not base64').refine((value) => value.length % 4 === 0, { message: 'is not whole base64' }),
  at: dateTime.optional(),
  description: text.optional(),
}).meta({ id: 'Attachment' });

const intakeSummary = object({ ...item, ...narrative })
  .refine(words, hasWords)
  .meta({ id: 'IntakeSummary', ...needsAny('sections', 'text') });

/** A hint for a coder. Kept and shown, never charted (A2). */
const codingCue = object({ ...item, code: concept, note: text.optional() }).meta({ id: 'CodingCue' });

export const content = object({
  note: note.optional(),
  addendum: addendum.optional(),
  observations: z.array(observation).min(1).optional(),
  problems: z.array(problem).min(1).optional(),
  allergies: z.array(allergy).min(1).optional(),
  medications: z.array(medication).min(1).optional(),
  orders: z.array(order).min(1).optional(),
  procedures: z.array(procedure).min(1).optional(),
  carePlans: z.array(carePlan).min(1).optional(),
  tasks: z.array(task).min(1).optional(),
  messages: z.array(message).min(1).optional(),
  patientInstructions: patientInstructions.optional(),
  questionnaireResponses: z.array(questionnaireResponse).min(1).optional(),
  consents: z.array(consentRecord).min(1).optional(),
  demographics: demographics.optional(),
  encounterStatus: encounterStatus.optional(),
  documents: z.array(attachment).min(1).optional(),
  intakeSummary: intakeSummary.optional(),
  codingCues: z.array(codingCue).min(1).optional(),
})
  .refine((value) => Object.values(value).some((member) => member !== undefined), { message: 'has no members' })
  .meta({ id: 'Content', minProperties: 1 });

export type Content = z.infer<typeof content>;
export type Concept = z.infer<typeof concept>;
export type Quantity = z.infer<typeof quantity>;
export type Period = z.infer<typeof period>;
export type Identifier = z.infer<typeof identifier>;
export type HumanName = z.infer<typeof humanName>;
export type NoteContent = z.infer<typeof note>;
export type AddendumContent = z.infer<typeof addendum>;
export type ObservationContent = z.infer<typeof observation>;
export type ProblemContent = z.infer<typeof problem>;
export type AllergyContent = z.infer<typeof allergy>;
export type DosageContent = z.infer<typeof dosage>;
export type MedicationContent = z.infer<typeof medication>;
export type OrderContent = z.infer<typeof order>;
export type ProcedureContent = z.infer<typeof procedure>;
export type CarePlanContent = z.infer<typeof carePlan>;
export type TaskContent = z.infer<typeof task>;
export type MessageContent = z.infer<typeof message>;
export type PatientInstructionsContent = z.infer<typeof patientInstructions>;
export type QuestionnaireResponseContent = z.infer<typeof questionnaireResponse>;
export type ResponseItemContent = z.infer<typeof responseItem>;
export type ConsentContent = z.infer<typeof consentRecord>;
export type DemographicsContent = z.infer<typeof demographics>;
export type EncounterStatusContent = z.infer<typeof encounterStatus>;
export type AttachmentContent = z.infer<typeof attachment>;
export type IntakeSummaryContent = z.infer<typeof intakeSummary>;

/** One item of clinical content together with what kind it is: the clinical half of a write command. */
export type ClinicalItem =
  | { readonly kind: 'note'; readonly item: NoteContent }
  | { readonly kind: 'addendum'; readonly item: AddendumContent }
  | { readonly kind: 'observation'; readonly item: ObservationContent }
  | { readonly kind: 'problem'; readonly item: ProblemContent }
  | { readonly kind: 'allergy'; readonly item: AllergyContent }
  | { readonly kind: 'medication-statement'; readonly item: MedicationContent }
  | { readonly kind: 'medication-request'; readonly item: MedicationContent }
  | { readonly kind: 'order'; readonly item: OrderContent }
  | { readonly kind: 'procedure'; readonly item: ProcedureContent }
  | { readonly kind: 'care-plan'; readonly item: CarePlanContent }
  | { readonly kind: 'task'; readonly item: TaskContent }
  | { readonly kind: 'message'; readonly item: MessageContent }
  | { readonly kind: 'patient-instructions'; readonly item: PatientInstructionsContent }
  | { readonly kind: 'questionnaire-response'; readonly item: QuestionnaireResponseContent }
  | { readonly kind: 'consent'; readonly item: ConsentContent }
  | { readonly kind: 'demographics'; readonly item: DemographicsContent }
  | { readonly kind: 'encounter-status'; readonly item: EncounterStatusContent }
  | { readonly kind: 'document'; readonly item: AttachmentContent }
  | { readonly kind: 'intake-summary'; readonly item: IntakeSummaryContent };

export type ContentKind = ClinicalItem['kind'];
