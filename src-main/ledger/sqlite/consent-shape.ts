import { z } from 'zod';
import { consentStatuses } from '../../../src-shared/domain/index.ts';

/** The shapes of recorded consents, and the two helpers that all shapes of stored rows share. */

export const whole = z.number().int();
export const nullable = <T extends z.ZodType>(shape: T) => shape.nullable();

const consentCodings = z.array(z.looseObject({ system: nullable(z.string()), code: z.string() }));
const consentPeriod = nullable(z.looseObject({ start: nullable(z.string()), end: nullable(z.string()) }));
const consentWord = nullable(z.enum(['permit', 'deny']));
const consentProvision = z.looseObject({
  type: consentWord,
  period: consentPeriod,
  actor: z.array(z.looseObject({ role: consentCodings, reference: nullable(z.string()) })),
  action: consentCodings,
  securityLabel: consentCodings,
  purpose: consentCodings,
  class: consentCodings,
  code: consentCodings,
  dataPeriod: consentPeriod,
  data: z.array(z.string()),
  get provision() {
    return z.array(consentProvision);
  },
});
/** A consent as the ledger keeps it. */
export const recordedConsent = z.looseObject({
  id: z.string(),
  status: z.enum(consentStatuses),
  scope: consentCodings,
  category: consentCodings,
  at: whole,
  undated: z.literal(true).exactOptional(),
  lastUpdated: whole.exactOptional(),
  base: consentWord,
  provision: nullable(consentProvision),
  unreadable: nullable(z.string()),
  restrictsOnly: z.boolean(),
});
