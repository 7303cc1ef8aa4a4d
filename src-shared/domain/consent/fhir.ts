import { z } from 'zod';
import {
  consentStatuses,
  type ConsentActor,
  type ConsentCoding,
  type ConsentPeriod,
  type ConsentProvision,
  type RecordedConsent,
} from './model.ts';
import { coding, members, type ExactObject, type ExactValue } from '../../fhir/index.ts';
import { readEpochMs } from '../time.ts';

/** FHIR R4 Consent in and out (https://hl7.org/fhir/R4/consent.html). */

const text = z.string().min(1).max(4096);
const codingShape = z.looseObject({ system: text.optional(), code: text.optional() });
const conceptShape = z.looseObject({ coding: z.array(codingShape).optional(), text: text.optional() });
const referenceShape = z.looseObject({
  reference: text.optional(),
  identifier: z.looseObject({ system: text.optional(), value: text.optional() }).optional(),
});
const periodShape = z.looseObject({ start: text.optional(), end: text.optional() });

// What a rule says beyond these members would be lost by leaving it out: then the consent is not judged by a machine.
const provisionShape = z.strictObject({
  id: text.optional(),
  extension: z.array(z.unknown()).optional(),
  type: z.enum(['permit', 'deny']).optional(),
  period: periodShape.optional(),
  actor: z.array(z.looseObject({ role: conceptShape, reference: referenceShape })).optional(),
  action: z.array(conceptShape).optional(),
  securityLabel: z.array(codingShape).optional(),
  purpose: z.array(codingShape).optional(),
  class: z.array(codingShape).optional(),
  code: z.array(conceptShape).optional(),
  dataPeriod: periodShape.optional(),
  data: z.array(z.looseObject({ meaning: text, reference: referenceShape })).optional(),
  get provision(): z.ZodOptional<z.ZodArray<typeof provisionShape>> {
    return z.array(provisionShape).optional();
  },
});
type ProvisionShape = z.infer<typeof provisionShape>;

const consentShape = z.looseObject({
  resourceType: z.literal('Consent'),
  id: text.optional(),
  meta: z.looseObject({ lastUpdated: text.optional() }).optional(),
  identifier: z.array(z.looseObject({ system: text.optional(), value: text.optional() })).optional(),
  status: z.enum(consentStatuses),
  scope: conceptShape,
  category: z.array(conceptShape).min(1),
  patient: referenceShape,
  dateTime: text.optional(),
  policyRule: conceptShape.optional(),
  implicitRules: z.unknown().optional(),
  modifierExtension: z.unknown().optional(),
  provision: z.unknown().optional(),
});

export type ConsentRead =
  | {
      readonly ok: true;
      readonly consent: RecordedConsent;
      /** Whose it is: identifiers and reference, as the resource states them. */
      readonly patient: {
        readonly reference?: string;
        readonly identifiers?: readonly { readonly system: string; readonly value: string }[];
      };
    }
  | { readonly ok: false; readonly message: string };

/**
 * Reads a FHIR R4 Consent. What is not a Consent, or does not say whose it is, is refused. What is one but cannot be
 * judged (rules this program does not know, modifier extensions) is taken in as unreadable: it permits nothing.
 *
 * @param recordedAt epoch milliseconds, for a consent that does not say when it was given
 */
export function readConsent(value: ExactValue, recordedAt: number): ConsentRead {
  const parsed = consentShape.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { ok: false, message: `${issue?.path.map(String).join('.') ?? ''}: ${issue?.message ?? 'is not a FHIR R4 Consent'}` };
  }
  const { data } = parsed;
  const identifiers = data.patient.identifier === undefined ? [] : [data.patient.identifier];
  const named = identifiers.flatMap(({ system, value: one }) =>
    system === undefined || one === undefined ? [] : [{ system, value: one }],
  );
  if (named.length === 0 && data.patient.reference === undefined)
    return { ok: false, message: 'patient: names nobody, neither by identifier nor by reference' };
  const business = data.identifier?.find((one) => one.value !== undefined);
  const id = data.id === undefined ? (business === undefined ? undefined : nameOf(business)) : `Consent/${data.id}`;
  if (id === undefined) return { ok: false, message: 'needs an id or an identifier, so that a later version can replace it' };
  const root = data.provision === undefined ? undefined : provisionShape.safeParse(data.provision);
  const unreadable =
    data.modifierExtension !== undefined
      ? 'it carries a modifier extension'
      : data.implicitRules !== undefined
        ? 'it follows implicit rules'
        : root?.success === false
          ? `its provision holds what is not known here: ${root.error.issues[0]?.message ?? ''}`
          : root !== undefined && uncoded(root.data)
            ? 'a rule of it is stated in words only'
            : null;
  const given = data.dateTime === undefined ? undefined : readEpochMs(data.dateTime);
  const lastUpdated = data.meta?.lastUpdated === undefined ? undefined : readEpochMs(data.meta.lastUpdated);
  return {
    ok: true,
    consent: {
      id,
      status: data.status,
      scope: codingsOf(data.scope),
      category: data.category.flatMap(codingsOf),
      at: given ?? recordedAt,
      ...(given === undefined ? { undated: true } : {}),
      ...(lastUpdated === undefined ? {} : { lastUpdated }),
      base: baseOf(data.policyRule),
      provision: root?.success === true ? provisionOf(root.data) : null,
      unreadable,
      restrictsOnly: false,
    },
    patient: {
      ...(data.patient.reference === undefined ? {} : { reference: data.patient.reference }),
      ...(named.length === 0 ? {} : { identifiers: named }),
    },
  };
}

function nameOf({ system, value }: { system?: string | undefined; value?: string | undefined }): string {
  return `${system ?? ''}|${value ?? ''}`;
}

const BASES: Readonly<Record<string, 'permit' | 'deny'>> = { OPTIN: 'permit', OPTOUT: 'deny' };

/** In R4 the root rule states no type of its own where the policy does (`policyRule` OPTIN or OPTOUT, v3-ActCode). */
function baseOf(rule: z.infer<typeof conceptShape> | undefined): 'permit' | 'deny' | null {
  const words = new Set((rule?.coding ?? []).map((one) => BASES[one.code ?? '']).filter((one) => one !== undefined));
  const [only] = words;
  return words.size === 1 && only !== undefined ? only : null;
}

/**
 * True when a rule states a condition without a code for it. Left out, the condition would be gone and the rule would
 * reach further than the patient said.
 */
function uncoded(rule: ProvisionShape): boolean {
  const concepts = [...(rule.action ?? []), ...(rule.code ?? [])];
  const codings = [...(rule.securityLabel ?? []), ...(rule.purpose ?? []), ...(rule.class ?? [])];
  const nobody = (rule.actor ?? []).some((one) => codingsOf(one.role).length === 0 && one.reference.reference === undefined);
  return (
    nobody ||
    concepts.some((one) => codingsOf(one).length === 0) ||
    codings.some((one) => codingOf(one).length === 0) ||
    (rule.provision ?? []).some(uncoded)
  );
}

function codingsOf(concept: z.infer<typeof conceptShape>): readonly ConsentCoding[] {
  return (concept.coding ?? []).flatMap(codingOf);
}

function codingOf(one: z.infer<typeof codingShape>): readonly ConsentCoding[] {
  return one.code === undefined ? [] : [{ system: one.system ?? null, code: one.code }];
}

function periodOf(period: z.infer<typeof periodShape> | undefined): ConsentPeriod | null {
  return period === undefined ? null : { start: period.start ?? null, end: period.end ?? null };
}

function provisionOf(rule: ProvisionShape): ConsentProvision {
  return {
    type: rule.type ?? null,
    period: periodOf(rule.period),
    actor: (rule.actor ?? []).map((one): ConsentActor => ({
      role: codingsOf(one.role),
      reference: one.reference.reference ?? null,
    })),
    action: (rule.action ?? []).flatMap(codingsOf),
    securityLabel: (rule.securityLabel ?? []).flatMap(codingOf),
    purpose: (rule.purpose ?? []).flatMap(codingOf),
    class: (rule.class ?? []).flatMap(codingOf),
    code: (rule.code ?? []).flatMap(codingsOf),
    dataPeriod: periodOf(rule.dataPeriod),
    data: (rule.data ?? []).map((one) => one.reference.reference ?? ''),
    provision: (rule.provision ?? []).map(provisionOf),
  };
}

/** A recorded consent as a FHIR R4 Consent of this patient; reading it again gives the same rules. */
export function consentResource(consent: RecordedConsent, patient: ExactObject, at: string): ExactObject {
  const [system = '', value = ''] = consent.id.split('|');
  const isReference = consent.id.startsWith('Consent/');
  return members({
    resourceType: 'Consent',
    id: isReference ? consent.id.slice('Consent/'.length) : undefined,
    identifier: isReference ? undefined : [members({ system, value })],
    status: consent.status,
    scope: conceptOut(consent.scope),
    category: consent.category.map((one) => conceptOut([one])),
    patient,
    dateTime: at,
    policyRule:
      consent.base === null
        ? { text: 'As stated in the provision.' }
        : {
            coding: [coding('http://terminology.hl7.org/CodeSystem/v3-ActCode', consent.base === 'permit' ? 'OPTIN' : 'OPTOUT')],
          },
    provision: consent.provision === null ? undefined : provisionOut(consent.provision),
  });
}

function conceptOut(codes: readonly ConsentCoding[]): ExactObject {
  return { coding: codes.map(codingOut) };
}

function codingOut(one: ConsentCoding): ExactObject {
  return members({ system: one.system ?? undefined, code: one.code });
}

function periodOut(period: ConsentPeriod | null): ExactObject | undefined {
  return period === null ? undefined : members({ start: period.start ?? undefined, end: period.end ?? undefined });
}

function provisionOut(rule: ConsentProvision): ExactObject {
  return members({
    type: rule.type ?? undefined,
    period: periodOut(rule.period),
    actor: rule.actor.map((one) =>
      members({ role: conceptOut(one.role), reference: one.reference === null ? {} : { reference: one.reference } }),
    ),
    action: rule.action.map((one) => conceptOut([one])),
    securityLabel: rule.securityLabel.map(codingOut),
    purpose: rule.purpose.map(codingOut),
    class: rule.class.map(codingOut),
    code: rule.code.map((one) => conceptOut([one])),
    dataPeriod: periodOut(rule.dataPeriod),
    data: rule.data.map((one) => ({ meaning: 'instance', reference: { reference: one } })),
    provision: rule.provision.map(provisionOut),
  });
}
