import { z } from 'zod';
import { origins, type Origin } from '../business-event.ts';
import type { ContentKind } from '../content.ts';
import type { ConsentCoding } from './model.ts';

/**
 * The organization's part of consent, as data: which words of a source stand for which purpose, what needs a consent of
 * its own, what is never done, and what may rest on the consent that lies in coming to be treated.
 */

const words = z.string().min(1).max(500);

/** A code of ISO 3166-2, or a country of ISO 3166-1. */
const region = z.string().regex(/^[A-Z]{2}(?:-[A-Z0-9]{1,3})?$/, 'is not a region like US-CA');

/** Whether this is such a code. */
export function isRegion(text: string): boolean {
  return region.safeParse(text).success;
}

const rule = z.strictObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/),
  /** All that is named must fit; what is left out does not matter. */
  when: z.strictObject({
    purposes: z.array(words).min(1).optional(),
    kinds: z.array(words).min(1).optional(),
    origins: z.array(z.enum(origins)).min(1).optional(),
    connections: z.array(words).min(1).optional(),
    encounterClasses: z.array(words).min(1).optional(),
    /** Sensitivity labels (http://terminology.hl7.org/CodeSystem/v3-ActCode); fits when the data carries one of them. */
    labels: z.array(words).min(1).optional(),
    /** Where the patient is treated: codes of ISO 3166-2 like US-CA, as the connection has them. */
    regions: z.array(region).min(1).optional(),
    /** Whether the clinician has attested what the source made (`provenance.attestation`). */
    attested: z.boolean().optional(),
  }),
  /** `explicit`: only on a consent that permits it; `implied`: also without one; `deny`: never. */
  effect: z.enum(['deny', 'explicit', 'implied']),
  reason: words,
});

export const consentPolicy = z
  .strictObject({
    policy: z.literal('consent'),
    version: words,
    /** By purpose: its code in v3-ActReason, and the words by which sources name it in `consent.purposes`. */
    purposes: z.record(words, z.strictObject({ code: words, words: z.array(words).min(1), reason: words })),
    /** Which codes make content sensitive, by the beginning of the code; a label is a code of v3-ActCode. */
    sensitivity: z.array(z.strictObject({ label: words, system: words, prefixes: z.array(words).min(1), reason: words })),
    rules: z.array(rule),
  })
  .superRefine((policy, context) => {
    const ids = new Set<string>();
    for (const one of policy.rules) {
      if (ids.has(one.id)) context.addIssue({ code: 'custom', message: `two rules are called "${one.id}"` });
      ids.add(one.id);
      for (const purpose of one.when.purposes ?? []) {
        if (!Object.hasOwn(policy.purposes, purpose))
          context.addIssue({ code: 'custom', message: `rule "${one.id}" names the purpose "${purpose}", which is not defined` });
      }
    }
    if (!Object.hasOwn(policy.purposes, 'treatment'))
      context.addIssue({ code: 'custom', message: 'needs the purpose "treatment": it is what writing into a chart is done for' });
  });
export type ConsentPolicy = z.infer<typeof consentPolicy>;
export type OrganizationRule = ConsentPolicy['rules'][number];

/** The sensitivity labels that the codes of some content carry, in the order of the policy. */
export function labelsOf(policy: ConsentPolicy, codes: readonly ConsentCoding[]): readonly string[] {
  const labels = policy.sensitivity
    .filter((one) =>
      codes.some((code) => code.system === one.system && one.prefixes.some((prefix) => code.code.startsWith(prefix))),
    )
    .map((one) => one.label);
  return [...new Set(labels)];
}

/** What the organization's rules are asked about. */
export interface OrganizationAsk {
  readonly purpose: string;
  readonly kind: ContentKind;
  readonly origin: Origin;
  readonly connection: string;
  readonly encounterClass: string | null;
  readonly labels: readonly string[];
  /** `null`: nobody has said where the connection is. */
  readonly region: string | null;
  readonly attested: boolean;
}

/** The first rule with this effect that fits, in the order of the file. */
export function organizationRule(
  policy: ConsentPolicy,
  effect: OrganizationRule['effect'],
  ask: OrganizationAsk,
): OrganizationRule | undefined {
  return policy.rules.find((one) => one.effect === effect && fits(one, ask));
}

function fits({ when, effect }: OrganizationRule, ask: OrganizationAsk): boolean {
  const has = (list: readonly string[] | undefined, value: string | null): boolean =>
    list === undefined || (value !== null && list.includes(value));
  return (
    has(when.purposes, ask.purpose) &&
    has(when.kinds, ask.kind) &&
    has(when.origins, ask.origin) &&
    has(when.connections, ask.connection) &&
    has(when.encounterClasses, ask.encounterClass) &&
    (when.labels === undefined || when.labels.some((label) => ask.labels.includes(label))) &&
    // A place that is not known may be the one that is meant: what forbids holds there, what permits does not.
    (when.regions === undefined ||
      (ask.region === null ? effect !== 'implied' : when.regions.some((one) => within(ask.region, one)))) &&
    (when.attested === undefined || when.attested === ask.attested)
  );
}

/** A part of a country lies in it, not the other way round. */
function within(place: string | null, named: string): boolean {
  return place === named || place?.startsWith(`${named}-`) === true;
}
