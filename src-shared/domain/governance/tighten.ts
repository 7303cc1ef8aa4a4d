import type { ContractMatrix, ContractRow, RowOverride } from '../contract-matrix.ts';
import type { RiskTier } from '../risk.ts';
import type { ContractOverride } from './documents.ts';

/** Overrides of the contract: which cells they loosen, and the contract that results from those that do not (B1). */

const tierRank: Readonly<Record<RiskTier, number>> = { low: 0, medium: 1, high: 2, blocked: 3 };

/** A cell that would let through what the cell before it stopped. */
export interface LoosenedCell {
  readonly kind: string;
  readonly cell: string;
  readonly before: string;
  readonly after: string;
}

/** Cells of two rows, compared: every one that is looser afterwards, by name. Equal and tighter cells are not listed. */
export function loosensRow(before: ContractRow, after: ContractRow): readonly LoosenedCell[] {
  const found: LoosenedCell[] = [];
  const cell = (name: string, looser: boolean, from: unknown, to: unknown): void => {
    if (looser) found.push({ kind: before.kind, cell: name, before: text(from), after: text(to) });
  };
  /** A list of what is allowed is loosened by what it gains, a list of what is demanded by what it loses. */
  const gains = (from: readonly string[], to: readonly string[]): boolean => to.some((one) => !from.includes(one));

  cell('resource', before.resource !== after.resource, before.resource, after.resource);
  cell('operation', before.operation !== after.operation, before.operation, after.operation);
  cell('mode', before.mode !== after.mode && after.mode !== 'human-gate', before.mode, after.mode);
  cell('classes', gains(before.classes, after.classes), before.classes, after.classes);
  cell('narrative', before.narrative !== after.narrative, before.narrative, after.narrative);
  cell('origins', gains(before.origins, after.origins), before.origins, after.origins);
  for (const rule of after.allowed) {
    const earlier = before.allowed.find((one) => one.element === rule.element);
    cell(`allowed.${rule.element}`, earlier !== undefined && gains(earlier.codes, rule.codes), earlier?.codes, rule.codes);
  }
  for (const rule of before.allowed) {
    cell(
      `allowed.${rule.element}`,
      after.allowed.every((one) => one.element !== rule.element),
      rule.codes,
      'anything',
    );
  }
  cell('tier', tierRank[after.tier] < tierRank[before.tier], before.tier, after.tier);
  cell('approvers', gains(before.approvers, after.approvers), before.approvers, after.approvers);
  cell('persons', after.persons < before.persons, before.persons, after.persons);
  cell('unattended', after.unattended === true && before.unattended !== true, 'never', 'at limited auto-write');
  cell('validations', gains(after.validations, before.validations), before.validations, after.validations);
  for (const field of after.fields) {
    const earlier = before.fields.find((one) => one.element === field.element);
    cell(
      `fields.${field.element}`,
      useRank[field.use] < useRank[earlier?.use ?? 'read-only'],
      earlier?.use ?? 'not written',
      field.use,
    );
    cell(`fields.${field.element}.owner`, earlier !== undefined && earlier.owner !== field.owner, earlier?.owner, field.owner);
  }
  cell('verify', gains(after.verify, before.verify), before.verify, after.verify);
  cell('exact', gains(after.exact ?? [], before.exact ?? []), before.exact ?? [], after.exact ?? []);
  const awaits = ({ follow }: ContractRow): string =>
    follow === undefined ? 'nothing' : `${follow.element} ${follow.until.join(' or ')} in ${follow.withinHours} hours`;
  const later =
    (after.follow?.withinHours ?? Number.POSITIVE_INFINITY) > (before.follow?.withinHours ?? Number.POSITIVE_INFINITY);
  const other = after.follow?.element !== before.follow?.element || gains(before.follow?.until ?? [], after.follow?.until ?? []);
  cell('follow', before.follow !== undefined && (later || other), awaits(before), awaits(after));
  cell('unversioned', after.unversioned === 'compare' && before.unversioned !== 'compare', 'refuse', 'compare');
  cell('merge', before.merge !== after.merge && after.merge !== 'hard-stop', before.merge, after.merge);
  cell('rollback', before.rollback !== after.rollback, before.rollback, after.rollback);
  cell('audit', before.audit === 'strict' && after.audit !== 'strict', before.audit, after.audit);
  const codes = (row: ContractRow): readonly string[] => row.formulary.map((one) => `${one.system}|${one.code}`);
  cell('formulary', gains(codes(after), codes(before)), codes(before), codes(after));
  return found;
}

const useRank = { writable: 0, advisory: 1, 'read-only': 2 } as const;

function text(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') || 'none' : String(value);
}

/** Every cell that a matrix loosens against another, row by row in the order of the rows before. */
export function loosens(before: ContractMatrix, after: ContractMatrix): readonly LoosenedCell[] {
  return before.rows.flatMap((row) => {
    const now = after.rows.find((one) => one.kind === row.kind);
    return now === undefined ? [] : loosensRow(row, now);
  });
}

/** Every cell that an override loosens against the matrix it stands on. */
export function overrideLoosens(matrix: ContractMatrix, override: ContractOverride): readonly LoosenedCell[] {
  return loosens(matrix, withOverride(matrix, override));
}

/** The matrix with the cells that an override names, whatever they say. Its version names both. */
function withOverride(matrix: ContractMatrix, override: ContractOverride): ContractMatrix {
  const rows = matrix.rows.map((row) => {
    const change = override.rows.find((one) => one.kind === row.kind);
    return change === undefined ? row : changed(row, change);
  });
  return { ...matrix, version: `${matrix.version}+${override.version}`, rows };
}

/** An override gives the reason for its change; the row keeps its own beside it. */
function changed(row: ContractRow, { reason, ...cells }: RowOverride): ContractRow {
  const named = Object.fromEntries(Object.entries(cells).filter(([, value]) => value !== undefined));
  return { ...row, ...named, reason: `${row.reason} ${reason}` };
}

/**
 * The contract with its overrides. An override was held against the contract of its time; a newer contract may be
 * stricter. Cell by cell, the stricter of the two stands: an override can never loosen, however old it is.
 */
export function tightened(matrix: ContractMatrix, overrides: readonly ContractOverride[]): ContractMatrix {
  return overrides.reduce((base, override) => {
    const wanted = withOverride(base, override);
    const rows = base.rows.map((row, at) => stricter(row, wanted.rows[at] ?? row));
    return { ...wanted, rows };
  }, matrix);
}

function stricter(row: ContractRow, wanted: ContractRow): ContractRow {
  const loosened = new Set(loosensRow(row, wanted).map((one) => one.cell));
  return {
    ...wanted,
    classes: loosened.has('classes') ? row.classes : wanted.classes,
    origins: loosened.has('origins') ? row.origins : wanted.origins,
    tier: loosened.has('tier') ? row.tier : wanted.tier,
    approvers: loosened.has('approvers') ? row.approvers : wanted.approvers,
    persons: loosened.has('persons') ? row.persons : wanted.persons,
    validations: loosened.has('validations') ? row.validations : wanted.validations,
    verify: loosened.has('verify') ? row.verify : wanted.verify,
    audit: loosened.has('audit') ? row.audit : wanted.audit,
    formulary: loosened.has('formulary') ? row.formulary : wanted.formulary,
  };
}
