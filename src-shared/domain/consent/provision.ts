import type { ConsentActor, ConsentCoding, ConsentPeriod, ConsentProvision, RecordedConsent } from './model.ts';
import { readEpochMs } from '../time.ts';

/** What a recorded consent says about one intended use of data, by the provisions of FHIR R4 Consent. */

/** What is about to be done with data about the patient. */
export interface ConsentAsk {
  /** Epoch milliseconds of the moment in which it is done. */
  readonly at: number;
  readonly purpose: ConsentCoding;
  /** http://terminology.hl7.org/CodeSystem/consentaction */
  readonly action: ConsentCoding;
  /** References of the practitioner and organization for whom it is done, as far as they are known. */
  readonly actors: readonly string[];
  /** The resource type that is written, as a class. */
  readonly class: readonly ConsentCoding[];
  readonly code: readonly ConsentCoding[];
  /** Sensitivity labels of the data; `null`: nobody has labelled it, which is not the same as "not sensitive". */
  readonly securityLabel: readonly ConsentCoding[] | null;
  /** When what is written was seen or done; `null` where it is not known. */
  readonly dataAt: number | null;
}

export type ConsentAnswer = 'permit' | 'deny' | 'unknown' | 'not-applicable';

type Match = 'yes' | 'no' | 'unknown';

/** Scopes under which a consent says nothing about the use of information (http://terminology.hl7.org/CodeSystem/consentscope). */
const OTHER_SCOPES = new Set(['research', 'adr']);

/** What one consent says. Status first, then scope, then the root rule, then its exceptions, however deep. */
export function answerOf(consent: RecordedConsent, ask: ConsentAsk): ConsentAnswer {
  const { status } = consent;
  if (status === 'draft' || status === 'proposed' || status === 'entered-in-error') return 'not-applicable';
  if (!aboutInformation(consent)) return 'not-applicable';
  if (consent.unreadable !== null) return 'unknown';
  const root = consent.provision;
  const base = root?.type ?? consent.base;
  // A refusal that has ended binds nobody; a permission that has ended permits nothing any more.
  if (status === 'inactive') return base === 'deny' ? 'not-applicable' : base === 'permit' ? withdrawn(root, ask) : 'unknown';
  if (status === 'rejected') return 'deny';
  if (base === null) return 'unknown';
  if (root === null) return base;
  const applies = matches(root, ask);
  if (applies === 'no') return 'not-applicable';
  const said = withExceptions(root, base, ask);
  return applies === 'unknown' && said === 'permit' ? 'unknown' : said;
}

function withdrawn(root: ConsentProvision | null, ask: ConsentAsk): ConsentAnswer {
  // Its period is over by definition; what it covered is still covered by its end.
  return root !== null && matches({ ...root, period: null }, ask) === 'no' ? 'not-applicable' : 'deny';
}

/**
 * A consent to a treatment (`scope` treatment) is about what is done to the patient, and a refusal of it must be
 * charted, not stop the charting. It speaks about information only where it names a purpose of use.
 */
function aboutInformation(consent: RecordedConsent): boolean {
  const codes = consent.scope.map((one) => one.code);
  if (codes.length > 0 && codes.every((code) => OTHER_SCOPES.has(code))) return false;
  if (codes.length > 0 && codes.every((code) => code === 'treatment')) return (consent.provision?.purpose.length ?? 0) > 0;
  return true;
}

/** The rule's word unless one of its exceptions applies; among exceptions that apply, the one that denies wins. */
function withExceptions(rule: ConsentProvision, word: 'permit' | 'deny', ask: ConsentAsk): 'permit' | 'deny' | 'unknown' {
  const said: ('permit' | 'deny' | 'unknown')[] = [];
  for (const nested of rule.provision) {
    const type = nested.type ?? (word === 'permit' ? 'deny' : 'permit');
    const applies = matches(nested, ask);
    if (applies === 'no') continue;
    const inner = withExceptions(nested, type, ask);
    // Whether it applies is not known: it may not be used to permit, and it may be what denies.
    if (applies === 'unknown') {
      if (inner !== word) said.push(word === 'deny' ? 'deny' : 'unknown');
    } else said.push(inner);
  }
  if (said.includes('deny')) return 'deny';
  if (said.includes('unknown')) return 'unknown';
  return said.length > 0 ? 'permit' : word;
}

/** Whether every condition that a rule states is met. */
function matches(rule: ConsentProvision, ask: ConsentAsk): Match {
  return allOf([
    rule.period === null ? 'yes' : within(rule.period, ask.at),
    oneOf(rule.purpose, (one) => samePurpose(one, ask.purpose)),
    oneOf(rule.action, (one) => sameCoding(one, ask.action)),
    oneOf(rule.actor, (one) => actorMatches(one, ask.actors)),
    oneOf(rule.class, (one) => anyOf(ask.class.map((asked) => sameCoding(one, asked)))),
    oneOf(rule.code, (one) => (ask.code.length === 0 ? 'unknown' : anyOf(ask.code.map((asked) => sameCoding(one, asked))))),
    oneOf(rule.securityLabel, (one) =>
      ask.securityLabel === null ? 'unknown' : anyOf(ask.securityLabel.map((asked) => sameCoding(one, asked))),
    ),
    rule.dataPeriod === null ? 'yes' : ask.dataAt === null ? 'unknown' : within(rule.dataPeriod, ask.dataAt),
    rule.data.length === 0 ? 'yes' : 'unknown',
  ]);
}

function allOf(parts: readonly Match[]): Match {
  if (parts.includes('no')) return 'no';
  return parts.includes('unknown') ? 'unknown' : 'yes';
}

function anyOf(parts: readonly Match[]): Match {
  if (parts.includes('yes')) return 'yes';
  return parts.includes('unknown') ? 'unknown' : 'no';
}

function oneOf<T>(stated: readonly T[], match: (one: T) => Match): Match {
  return stated.length === 0 ? 'yes' : anyOf(stated.map(match));
}

function sameCoding(stated: ConsentCoding, asked: ConsentCoding): Match {
  if (stated.code !== asked.code) return 'no';
  return stated.system === null || asked.system === null || stated.system === asked.system ? 'yes' : 'no';
}

/** Parents in http://terminology.hl7.org/CodeSystem/v3-ActReason, below PurposeOfUse: what covers what. */
const PURPOSE_PARENT: Readonly<Record<string, string>> = {
  HMARKT: 'PurposeOfUse',
  HOPERAT: 'PurposeOfUse',
  HPAYMT: 'PurposeOfUse',
  HRESCH: 'PurposeOfUse',
  PATRQT: 'PurposeOfUse',
  PUBHLTH: 'PurposeOfUse',
  TREAT: 'PurposeOfUse',
  CAREMGT: 'TREAT',
  CLINTRCH: 'TREAT',
  COC: 'TREAT',
  ETREAT: 'TREAT',
  BTG: 'ETREAT',
  ERTREAT: 'ETREAT',
  POPHLTH: 'TREAT',
  HQUALIMP: 'HOPERAT',
  HSYSADMIN: 'HOPERAT',
  TRAIN: 'HOPERAT',
};

function samePurpose(stated: ConsentCoding, asked: ConsentCoding): Match {
  for (let code: string | undefined = asked.code; code !== undefined; code = PURPOSE_PARENT[code]) {
    const match = sameCoding(stated, { system: asked.system, code });
    if (match !== 'no') return match;
  }
  return 'no';
}

/** A party is told by its reference. Whether one that is not known under a reference is meant cannot be told. */
function actorMatches(stated: ConsentActor, actors: readonly string[]): Match {
  const { reference } = stated;
  if (reference === null) return 'unknown';
  if (actors.includes(reference)) return 'yes';
  const type = reference.slice(0, reference.indexOf('/') + 1);
  return actors.some((one) => one.startsWith(type)) ? 'no' : 'unknown';
}

/** FHIR periods include both ends; a day, month or year as an end includes all of it. */
function within(period: ConsentPeriod, at: number): Match {
  const start = period.start === null ? undefined : readEpochMs(period.start);
  const end = period.end === null ? undefined : endOf(period.end);
  if (period.start !== null && start === undefined) return 'unknown';
  if (period.end !== null && end === undefined) return 'unknown';
  if (start !== undefined && at < start - zoneSlack(period.start)) return 'no';
  if (end !== undefined && at > end) return 'no';
  return 'yes';
}

const HOUR_MS = 3_600_000;

/** A date without a time begins up to 14 hours before it does in UTC. */
function zoneSlack(text: string | null): number {
  return text !== null && !text.includes('T') ? 14 * HOUR_MS : 0;
}

/**
 * The last millisecond of a date or the moment of a time. A day ends at its end in UTC: further west it lasts longer, but
 * a consent that may have ended permits nothing.
 */
export function endOf(text: string): number | undefined {
  const start = readEpochMs(text);
  if (start === undefined || text.includes('T')) return start;
  const [year = 0, month, day] = text.split('-').map(Number);
  const after =
    day !== undefined && month !== undefined
      ? Date.UTC(year, month - 1, day + 1)
      : month !== undefined
        ? Date.UTC(year, month, 1)
        : Date.UTC(year + 1, 0, 1);
  return after - 1;
}
