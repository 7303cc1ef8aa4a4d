/** Words for people: names of elements, kinds of resources and code systems (R4, https://hl7.org/fhir/R4/resourcelist.html). */

/** Where on the screen a field belongs: what is said about the patient, whom and when it concerns, how it is filed. */
export type ReadablePart = 'clinical' | 'context' | 'record';

type Label = readonly [label: string, part: ReadablePart];

const clinical = (label: string): Label => [label, 'clinical'];
const context = (label: string): Label => [label, 'context'];
const record = (label: string): Label => [label, 'record'];

const labels: Readonly<Record<string, Label>> = {
  status: clinical('Status'),
  docStatus: clinical('Document status'),
  intent: clinical('Intent'),
  priority: clinical('Priority'),
  clinicalStatus: clinical('Clinical status'),
  verificationStatus: clinical('Verification'),
  category: clinical('Category'),
  type: clinical('Type'),
  code: clinical('Code'),
  title: clinical('Title'),
  description: clinical('Description'),
  severity: clinical('Severity'),
  criticality: clinical('Criticality'),
  bodySite: clinical('Body site'),
  method: clinical('Method'),
  interpretation: clinical('Interpretation'),
  dataAbsentReason: clinical('Why there is no value'),
  value: clinical('Value'),
  component: clinical('Part'),
  referenceRange: clinical('Reference range'),
  low: clinical('Low'),
  high: clinical('High'),
  numerator: clinical('Numerator'),
  denominator: clinical('Denominator'),
  onset: clinical('Began'),
  abatement: clinical('Ended'),
  reaction: clinical('Reaction'),
  manifestation: clinical('Manifestation'),
  exposureRoute: clinical('Route of exposure'),
  substance: clinical('Substance'),
  medication: clinical('Medication'),
  dosage: clinical('Dosage'),
  dosageInstruction: clinical('Dosage'),
  sequence: clinical('Order'),
  timing: clinical('Timing'),
  repeat: clinical('Repeat'),
  bounds: clinical('Limits'),
  asNeeded: clinical('As needed'),
  route: clinical('Route'),
  doseAndRate: clinical('Amount'),
  dose: clinical('Dose'),
  rate: clinical('Rate'),
  patientInstruction: clinical('Instruction for the patient'),
  reasonCode: clinical('Reason'),
  reasonReference: clinical('Reason'),
  statusReason: clinical('Reason of the status'),
  outcome: clinical('Outcome'),
  note: clinical('Remark'),
  text: clinical('Text'),
  display: clinical('Words'),
  section: clinical('Section'),
  activity: clinical('Activity'),
  detail: clinical('Detail'),
  payload: clinical('Message'),
  content: clinical('Content'),
  topic: clinical('Subject'),
  attachment: clinical('Document'),
  item: clinical('Question'),
  answer: clinical('Answer'),
  linkId: clinical('Question number'),
  questionnaire: clinical('Questionnaire'),
  scope: clinical('Scope'),
  policy: clinical('Policy'),
  policyRule: clinical('Policy'),
  uri: clinical('Address'),
  provision: clinical('Decision'),
  purpose: clinical('Purpose'),
  restriction: clinical('To be done'),
  name: clinical('Name'),
  family: clinical('Family name'),
  given: clinical('Given name'),
  gender: clinical('Gender'),
  birthDate: clinical('Born'),
  telecom: clinical('Contact'),
  address: clinical('Address'),
  communication: clinical('Language spoken'),
  contact: clinical('Contact person'),
  relationship: clinical('Relationship'),
  relatesTo: clinical('Relation to another document'),
  maritalStatus: clinical('Marital status'),
  deceased: clinical('Deceased'),
  subject: context('Patient'),
  patient: context('Patient'),
  for: context('Patient'),
  encounter: context('Visit'),
  context: context('Visit'),
  author: context('Author'),
  performer: context('Performed by'),
  recorder: context('Recorded by'),
  asserter: context('Asserted by'),
  requester: context('Requested by'),
  sender: context('From'),
  recipient: context('To'),
  owner: context('Owner'),
  organization: context('Organization'),
  custodian: context('Custodian'),
  date: context('Date'),
  dateTime: context('Date'),
  issued: context('Issued'),
  effective: context('When'),
  performed: context('Performed'),
  occurrence: context('Planned for'),
  recordedDate: context('Recorded'),
  dateAsserted: context('Asserted'),
  authored: context('Filled in'),
  authoredOn: context('Ordered'),
  created: context('Created'),
  creation: context('Written'),
  sent: context('Sent'),
  received: context('Received'),
  period: context('Period'),
  time: context('Time'),
  target: context('Document it relates to'),
  targetReference: context('Document it relates to'),
  basedOn: context('Based on'),
  partOf: context('Part of'),
  id: record('Id in the chart'),
  identifier: record('Identifier'),
  meta: record('Mark'),
  security: record('Security label'),
  tag: record('Tag'),
  profile: record('Profile'),
  versionId: record('Version'),
  lastUpdated: record('Last changed'),
  source: record('Source'),
  language: record('Language'),
  contentType: record('Format'),
  url: record('Address'),
  size: record('Size'),
  hash: record('Hash'),
  format: record('Format'),
};

/** Elements `name[x]` of R4 that stand in resources as `nameType`. */
const CHOICE =
  /^(value|effective|onset|abatement|performed|occurrence|medication|asNeeded|content|dose|rate|timing|deceased|bounds|product|reported|serviced|allowed|author|multipleBirth|scheduled)(Quantity|CodeableConcept|String|Boolean|Integer|Decimal|DateTime|Date|Time|Instant|Period|Range|Ratio|SampledData|Reference|Coding|Attachment|Uri|Age|Duration|Timing|Money|Identifier)$/;

/** The element's name without its type, `value` of `valueQuantity`, and the type where there was one. */
export function choiceOf(name: string): readonly [name: string, type: string | undefined] {
  const match = CHOICE.exec(name);
  return match?.[1] === undefined ? [name, undefined] : [match[1], match[2]];
}

/** Label and place of an element by its name, or `undefined` for one this product has no word for. */
export function labelOf(name: string): Label | undefined {
  const [base] = choiceOf(name);
  return Object.hasOwn(labels, base) ? labels[base] : undefined;
}

const resourceWords: Readonly<Record<string, string>> = {
  DocumentReference: 'Document',
  Composition: 'Document',
  Observation: 'Observation',
  Condition: 'Problem',
  AllergyIntolerance: 'Allergy',
  MedicationStatement: 'Medication',
  MedicationRequest: 'Prescription proposal',
  ServiceRequest: 'Order proposal',
  Procedure: 'Procedure',
  CarePlan: 'Care plan',
  Task: 'Task',
  Communication: 'Message',
  QuestionnaireResponse: 'Questionnaire',
  Consent: 'Consent',
  Patient: 'Patient details',
  Encounter: 'Visit',
};

/** What a kind of resource is called at work; its own name when there is no other. */
export function resourceWord(type: string): string {
  return Object.hasOwn(resourceWords, type) ? (resourceWords[type] ?? type) : type;
}

const systems: Readonly<Record<string, string>> = {
  'http://loinc.org': 'LOINC',
  'http://snomed.info/sct': 'SNOMED CT',
  'http://hl7.org/fhir/sid/icd-10-cm': 'ICD-10-CM',
  'http://hl7.org/fhir/sid/icd-10': 'ICD-10',
  'http://www.nlm.nih.gov/research/umls/rxnorm': 'RxNorm',
  'http://hl7.org/fhir/sid/cvx': 'CVX',
  'http://hl7.org/fhir/sid/ndc': 'NDC',
  'http://www.ama-assn.org/go/cpt': 'CPT',
  'http://unitsofmeasure.org': 'UCUM',
  'http://hl7.org/fhir/sid/us-npi': 'NPI',
  'urn:countersign:write': 'Countersign write',
};
/** Vital signs of US Core (https://hl7.org/fhir/us/core/), which sources often send by their LOINC code alone. */
const vitalSigns: Readonly<Record<string, string>> = {
  '85353-1': 'Vital signs',
  '85354-9': 'Blood pressure',
  '8480-6': 'Systolic blood pressure',
  '8462-4': 'Diastolic blood pressure',
  '8867-4': 'Heart rate',
  '9279-1': 'Respiratory rate',
  '8310-5': 'Body temperature',
  '29463-7': 'Body weight',
  '8302-2': 'Body height',
  '39156-5': 'Body mass index',
  '59408-5': 'Oxygen saturation by pulse oximetry',
  '2708-6': 'Oxygen saturation',
  '9843-4': 'Head circumference',
};

/** Words for a code that came without any, where this product knows them. */
export function knownWords(system: string | undefined, code: string): string | undefined {
  return system === 'http://loinc.org' && Object.hasOwn(vitalSigns, code) ? vitalSigns[code] : undefined;
}

const HL7 = 'http://terminology.hl7.org/CodeSystem/';

/** Short name of a code system by its exact address; the address itself when it has none. */
export function systemName(system: string): string {
  if (Object.hasOwn(systems, system)) return systems[system] ?? system;
  return system.startsWith(HL7) && system.length > HL7.length ? `HL7 ${system.slice(HL7.length)}` : system;
}
