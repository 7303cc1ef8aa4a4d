import type { RecordedConsent } from '../consent/model.ts';
import { replacesConsent } from '../consent/replace.ts';
import type { WriteRow } from '../write.ts';
import type { PathChanged, PathRow, SafetyRecorded, SafetyRow } from './change-control.ts';
import type { EmergencyOpened, EmergencyReviewed, EmergencyRow } from './emergency.ts';
import type { GateRow, GateSignature } from './go-live.ts';
import type { PolicyRow, ProposalRow } from './proposals.ts';
import type { ReviewRow, WriteReviewed } from './reviews.ts';
import type { LoosenedCell } from './tighten.ts';

/** What the governance entries of the log change. */

/** A policy document put forward; it changes nothing before it is approved. */
export interface PolicyProposed {
  readonly id: string;
  readonly key: string;
  readonly documentVersion: string;
  /** The document's characters, as they came. */
  readonly text: string;
  readonly loosened: readonly LoosenedCell[];
  readonly by: string;
  readonly reason: string;
}

export interface PolicyDecided {
  readonly id: string;
  readonly decision: 'approved' | 'refused';
  readonly by: string;
  readonly meaning: string;
}

/** A consent of a patient, under every name the patient goes by in its source. */
export interface ConsentRecorded {
  readonly patients: readonly string[];
  readonly consents: readonly RecordedConsent[];
}

export interface GateSigned {
  readonly connection: string;
  readonly signature: GateSignature;
}

/** What is known of a patient's consents. */
export interface ConsentRow {
  readonly patient: string;
  readonly version: number;
  readonly consents: readonly RecordedConsent[];
}

export interface GovernanceRows {
  policy(key: string): PolicyRow | undefined;
  proposal(id: string): ProposalRow | undefined;
  consent(patient: string): ConsentRow | undefined;
  gate(connection: string): GateRow | undefined;
  safety(id: string): SafetyRow | undefined;
  path(key: string): PathRow | undefined;
  emergency(id: string): EmergencyRow | undefined;
  review(write: string): ReviewRow | undefined;
}

export type GovernanceChange =
  | { readonly kind: 'policy'; readonly key: string; readonly row: PolicyRow }
  | { readonly kind: 'proposal'; readonly key: string; readonly row: ProposalRow }
  | { readonly kind: 'consent'; readonly key: string; readonly row: ConsentRow }
  | { readonly kind: 'gate'; readonly key: string; readonly row: GateRow }
  | { readonly kind: 'safety'; readonly key: string; readonly row: SafetyRow }
  | { readonly kind: 'path'; readonly key: string; readonly row: PathRow }
  | { readonly kind: 'emergency'; readonly key: string; readonly row: EmergencyRow }
  | { readonly kind: 'review'; readonly key: string; readonly row: ReviewRow };

export function proposed(seq: number, at: number, body: PolicyProposed, rows: GovernanceRows): readonly GovernanceChange[] {
  const row: ProposalRow = {
    id: body.id,
    version: (rows.proposal(body.id)?.version ?? 0) + 1,
    key: body.key,
    documentVersion: body.documentVersion,
    seq,
    state: 'proposed',
    loosened: body.loosened,
    proposedBy: body.by,
    proposedAt: at,
    reason: body.reason,
    decidedBy: null,
    decidedAt: null,
  };
  return [{ kind: 'proposal', key: body.id, row }];
}

export function decided(at: number, body: PolicyDecided, rows: GovernanceRows): readonly GovernanceChange[] {
  const proposal = rows.proposal(body.id);
  if (proposal === undefined) return [];
  const after: ProposalRow = {
    ...proposal,
    version: proposal.version + 1,
    state: body.decision,
    decidedBy: body.by,
    decidedAt: at,
  };
  const change: GovernanceChange = { kind: 'proposal', key: after.id, row: after };
  if (body.decision === 'refused') return [change];
  const row: PolicyRow = {
    key: proposal.key,
    version: (rows.policy(proposal.key)?.version ?? 0) + 1,
    documentVersion: proposal.documentVersion,
    seq: proposal.seq,
    proposal: proposal.id,
    proposedBy: proposal.proposedBy,
    approvedBy: body.by,
    effectiveFrom: at,
  };
  return [change, { kind: 'policy', key: row.key, row }];
}

/** Consents replace earlier ones of the same name that they may end; all others stay. */
export function consentRecorded(body: ConsentRecorded, rows: Pick<GovernanceRows, 'consent'>): readonly GovernanceChange[] {
  return body.patients.map((patient): GovernanceChange => {
    const before = rows.consent(patient);
    const kept = (before?.consents ?? []).filter((one) => !body.consents.some((incoming) => replacesConsent(incoming, one)));
    return {
      kind: 'consent',
      key: patient,
      row: { patient, version: (before?.version ?? 0) + 1, consents: [...kept, ...body.consents] },
    };
  });
}

export function gateSigned(body: GateSigned, rows: GovernanceRows): readonly GovernanceChange[] {
  const before = rows.gate(body.connection);
  const row: GateRow = {
    connection: body.connection,
    version: (before?.version ?? 0) + 1,
    signatures: [...(before?.signatures ?? []), body.signature],
  };
  return [{ kind: 'gate', key: body.connection, row }];
}

export function safetyRecorded(body: SafetyRecorded): readonly GovernanceChange[] {
  return [{ kind: 'safety', key: body.id, row: { ...body, version: 1 } }];
}

export function pathChanged(tenant: string, at: number, body: PathChanged, rows: GovernanceRows): readonly GovernanceChange[] {
  const before = rows.path(body.key);
  const demanded = body.demanded.map((one) => ({ ...one, since: at }));
  const { key, source, connection, first } = body;
  const row: PathRow = {
    ...{ key, tenant, source, connection, first },
    version: (before?.version ?? 0) + 1,
    demanded: [...(before?.demanded ?? []), ...demanded],
  };
  return [{ kind: 'path', key, row }];
}

export function emergencyOpened(body: EmergencyOpened): readonly GovernanceChange[] {
  return [{ kind: 'emergency', key: body.id, row: { ...body, version: 1, uses: [], review: null } }];
}

export function emergencyReviewed(body: EmergencyReviewed, rows: GovernanceRows): readonly GovernanceChange[] {
  const before = rows.emergency(body.id);
  if (before === undefined) return [];
  return [{ kind: 'emergency', key: body.id, row: { ...before, version: before.version + 1, review: body.review } }];
}

/** An approval that was given by emergency access is one of its uses. */
export function emergencyUsed(id: string, write: string, at: number, rows: GovernanceRows): readonly GovernanceChange[] {
  const before = rows.emergency(id);
  if (before === undefined) return [];
  const row: EmergencyRow = { ...before, version: before.version + 1, uses: [...before.uses, { write, at }] };
  return [{ kind: 'emergency', key: id, row }];
}

/** A write that was sent without a decision made here comes on the review list when it is charted, once. */
export function charted(
  row: Pick<WriteRow, 'id' | 'tenant' | 'connection' | 'resourceType' | 'approval' | 'reviewDue'>,
  at: number,
  rows: Pick<GovernanceRows, 'review'>,
): readonly GovernanceChange[] {
  const { id: write, tenant, connection, resourceType, approval } = row;
  if (row.reviewDue !== true || rows.review(write) !== undefined) return [];
  const review = { write, tenant, connection, resourceType, version: 1, since: at, approvedBy: approval?.by ?? '', review: null };
  return [{ kind: 'review', key: write, row: review }];
}

export function writeReviewed(body: WriteReviewed, rows: Pick<GovernanceRows, 'review'>): readonly GovernanceChange[] {
  const before = rows.review(body.id);
  if (before === undefined) return [];
  return [{ kind: 'review', key: body.id, row: { ...before, version: before.version + 1, review: body.review } }];
}
