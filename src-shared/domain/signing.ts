import { distinctPersons } from './governance/separation.ts';
import type { Finding } from './entries.ts';
import type { Person, Role } from './people.ts';
import type { FindingSignature, StateName, WriteApproval, WriteRow } from './write.ts';

/**
 * Findings that a person answers for (F3): a remark (`review`) is acknowledged, a stop that its rule lets be waived is
 * waived. Each answer is signed, with a reason, by the role that the rule names, and holds for one version of one write
 * under one contract and one version of the rules. Whatever changes of these, it is asked again.
 */

const clinical = ['clinician', 'clinical-owner'] as const satisfies readonly Role[];
const anybody = ['operator', 'operations-lead', ...clinical] as const satisfies readonly Role[];
const owner = ['clinical-owner'] as const satisfies readonly Role[];

/** Remarks about form, which take no clinical judgement. */
const FORMAL = new Set([
  'text-invisible-character',
  'text-mixed-script',
  'text-piled-marks',
  'unit-not-ucum',
  'identifier-shape',
  'note-unsafe-abbreviation',
]);
/** Remarks that only whoever answers for medication and demographics may take upon themselves. */
const OWNERS = new Set(['dose-high', 'frequency-implausible', 'protected-field']);

/**
 * Stops that may be waived. What is not here may not: identity, visit, consent, structure, the contract and an impossible
 * dose are corrected at their source or decided where they belong. A code of the right system that its check does not
 * know may be newer than the check; that is for a second person to say.
 */
const WAIVABLE: ReadonlyMap<string, { readonly roles: readonly Role[]; readonly anotherPerson: boolean }> = new Map([
  ['code-shape', { roles: owner, anotherPerson: true }],
  // Words that can be read in more than one way are charted as they stand once a clinician says so.
  ['content-ambiguous', { roles: clinical, anotherPerson: false }],
  // The chart lists it already; that it is another one, a clinician can say.
  ['chart-repeats', { roles: clinical, anotherPerson: false }],
  // Another event asks for the same entry, or almost; that both are meant, a clinician can say.
  ['write-repeats', { roles: clinical, anotherPerson: false }],
  ['write-resembles', { roles: clinical, anotherPerson: false }],
]);

export type SigningRule =
  | {
      readonly act: 'acknowledge' | 'waive';
      /** The roles that the rule names; one of them signs. */
      readonly roles: readonly Role[];
      /** Not whoever approved or approves the content. */
      readonly anotherPerson: boolean;
    }
  | { readonly act: 'none'; readonly because: string };

/** What may be signed about a finding, and by whom. */
export function signingRule(finding: Pick<Finding, 'rule' | 'severity'>): SigningRule {
  switch (finding.severity) {
    case 'information':
      return { act: 'none', because: 'it is only said for information' };
    case 'review': {
      const roles = FORMAL.has(finding.rule) ? anybody : OWNERS.has(finding.rule) ? owner : clinical;
      return { act: 'acknowledge', roles, anotherPerson: false };
    }
    case 'stop': {
      const rule = WAIVABLE.get(finding.rule);
      if (rule !== undefined) return { act: 'waive', ...rule };
      return { act: 'none', because: `the rule ${finding.rule} cannot be waived; correct it at its source` };
    }
  }
}

/** Names for the findings of one check, each another; the same findings give the same names. */
export function findingNames(findings: readonly Pick<Finding, 'rule' | 'path' | 'span'>[]): readonly string[] {
  const seen = new Map<string, number>();
  return findings.map(({ rule, path, span }) => {
    const name = `${rule}@${path}${span === undefined ? '' : `:${span.start}-${span.end}`}`;
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return times === 1 ? name : `${name}#${times}`;
  });
}

/** What a signature is held against: the version of the write, of the contract and of the rules. */
export interface SigningBasis {
  readonly contentSha256: string;
  readonly contract: string;
  readonly rules: string;
}

/** The signature on this finding that holds now, or `undefined`. */
export function standingSignature(
  name: string,
  finding: Pick<Finding, 'severity'>,
  signatures: readonly FindingSignature[] | undefined,
  basis: SigningBasis,
): FindingSignature | undefined {
  return signatures?.findLast(
    (one) =>
      one.finding === name &&
      one.severity === finding.severity &&
      one.contentSha256 === basis.contentSha256 &&
      one.contract === basis.contract &&
      one.rules === basis.rules,
  );
}

export interface NamedFinding {
  readonly name: string;
  readonly finding: Finding;
  readonly signature: FindingSignature | null;
}

/** The findings of a write with what was signed about each. */
export function signedFindings(
  findings: readonly Finding[],
  signatures: readonly FindingSignature[] | undefined,
  basis: SigningBasis,
): readonly NamedFinding[] {
  const names = findingNames(findings);
  return findings.map((finding, at) => {
    const name = names[at] ?? finding.rule;
    return { name, finding, signature: standingSignature(name, finding, signatures, basis) ?? null };
  });
}

/** Of these, the remarks and stops that nobody has answered for. */
export function openFindings(named: readonly NamedFinding[]): readonly NamedFinding[] {
  return named.filter(({ finding, signature }) => finding.severity !== 'information' && signature === null);
}

export type SigningRefusal =
  | 'finding-unknown'
  | 'rule-not-waivable'
  | 'role-forbids'
  | 'self-waiver'
  | 'reason-missing'
  | 'already-signed'
  | 'state-forbids';

export type SigningDecision =
  | { readonly ok: true; readonly signature: FindingSignature }
  | { readonly ok: false; readonly code: SigningRefusal; readonly message: string };

export interface SigningFacts {
  readonly row: Pick<WriteRow, 'state' | 'approval'>;
  readonly named: readonly NamedFinding[];
  readonly basis: SigningBasis;
  readonly requestSha256: string;
  /** Who approved the content where it came from, if anybody did. */
  readonly approvedAtSource: string | null;
  readonly person: Person;
  readonly act: 'acknowledge' | 'waive';
  readonly finding: string;
  readonly reason: string;
  readonly now: number;
}

const SIGNABLE: Readonly<Record<'acknowledge' | 'waive', readonly StateName[]>> = {
  acknowledge: ['awaiting-approval', 'held', 'pending', 'committed'],
  waive: ['held'],
};

/** Signs one finding, or says why this person cannot. */
export function signFinding(facts: SigningFacts): SigningDecision {
  const { act, person, row } = facts;
  const no = (code: SigningRefusal, message: string): SigningDecision => ({ ok: false, code, message });
  const named = facts.named.find((one) => one.name === facts.finding);
  if (named === undefined) return no('finding-unknown', `it has no finding "${facts.finding}"`);
  const rule = signingRule(named.finding);
  if (rule.act === 'none') return no('rule-not-waivable', rule.because);
  if (rule.act !== act)
    return no('rule-not-waivable', `a finding of ${named.finding.rule} is ${PAST[rule.act]}, not ${PAST[act]}`);
  if (!SIGNABLE[act].includes(row.state.name))
    return no('state-forbids', `it is ${row.state.name}; nothing is ${PAST[act]} then`);
  if (named.signature !== null) return no('already-signed', `${named.signature.name} has ${PAST[act]} it already`);
  const role = rule.roles.find((one) => person.roles.includes(one));
  if (!person.active || role === undefined)
    return no('role-forbids', `the rule ${named.finding.rule} names: ${rule.roles.join(', ')}`);
  if (rule.anotherPerson) {
    const self = approversOf(row, facts.approvedAtSource).some((one) => !distinctPersons(one, person.id));
    if (self) return no('self-waiver', `"${person.id}" approved it; the rule ${named.finding.rule} asks for somebody else`);
  }
  if (facts.reason.trim() === '') return no('reason-missing', 'say why it may be charted all the same');
  return { ok: true, signature: signature(named, rule, facts, role) };
}

const PAST = { acknowledge: 'acknowledged', waive: 'waived' } as const;

function signature(
  { name, finding }: NamedFinding,
  rule: Extract<SigningRule, { act: 'acknowledge' | 'waive' }>,
  facts: Pick<SigningFacts, 'basis' | 'requestSha256' | 'person' | 'reason' | 'now'>,
  role: Role,
): FindingSignature {
  const { person } = facts;
  return {
    act: PAST[rule.act],
    finding: name,
    rule: finding.rule,
    severity: finding.severity,
    path: finding.path,
    ...(finding.span === undefined ? {} : { span: finding.span }),
    by: person.id,
    name: person.name,
    role,
    at: facts.now,
    reason: facts.reason,
    ...facts.basis,
    requestSha256: facts.requestSha256,
    ...(rule.anotherPerson ? { anotherPerson: true } : {}),
  };
}

function approversOf({ state, approval }: Pick<WriteRow, 'state' | 'approval'>, source: string | null): readonly string[] {
  const given: readonly WriteApproval[] = state.name === 'awaiting-approval' ? (state.given ?? []) : [];
  const here = approval === null ? [] : [approval, ...(approval.with ?? [])];
  return [...given, ...here].map((one) => one.by).concat(source === null ? [] : [source]);
}

export type AcknowledgingDecision =
  | { readonly ok: true; readonly signatures: readonly FindingSignature[] }
  | {
      readonly ok: false;
      readonly code: 'findings-not-acknowledged' | 'role-forbids' | 'self-waiver';
      readonly message: string;
    };

/**
 * What somebody who approves signs of the findings: every remark that is still open has to be among those they have
 * acknowledged, and nobody approves what they themselves waived where the rule asks for two.
 */
export function acknowledgeAll(
  facts: Pick<SigningFacts, 'named' | 'basis' | 'requestSha256' | 'person' | 'reason' | 'now'> & {
    readonly acknowledged: readonly string[];
  },
): AcknowledgingDecision {
  const { named, person } = facts;
  const own = named.find(
    (one) =>
      one.signature?.anotherPerson === true && !distinctPersons(one.signature.by, person.id) && one.finding.severity === 'stop',
  );
  if (own !== undefined)
    return {
      ok: false,
      code: 'self-waiver',
      message: `"${person.id}" waived ${own.finding.rule}; somebody else has to approve it`,
    };
  const open = openFindings(named).filter(({ finding }) => finding.severity === 'review');
  const missed = open.filter(({ name }) => !facts.acknowledged.includes(name));
  if (missed.length > 0) {
    const count = missed.length === 1 ? 'one finding has' : `${missed.length} findings have`;
    return { ok: false, code: 'findings-not-acknowledged', message: `${count} not been acknowledged` };
  }
  const signatures: FindingSignature[] = [];
  for (const one of open) {
    const rule = signingRule(one.finding);
    if (rule.act === 'none') continue;
    const role = rule.roles.find((each) => person.roles.includes(each));
    if (role === undefined)
      return { ok: false, code: 'role-forbids', message: `the rule ${one.finding.rule} names: ${rule.roles.join(', ')}` };
    signatures.push(signature(one, rule, facts, role));
  }
  return { ok: true, signatures };
}
