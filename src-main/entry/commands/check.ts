import { checkFhir, refusal, type CheckedRecord } from './check-fhir.ts';
import { readDocument } from './policy.ts';
import { CommandFailure, printable } from '../console-io.ts';
import type { Output } from '../outputs.ts';
import { withPerson, type CommandContext } from '../session.ts';
import { layered } from '../views.ts';
import { defaultChecks } from '../workspace.ts';
import { houseRulesInForce, readRecord } from '../../engine/index.ts';
import { recordsOf, UnreadableFile } from '../../intake/index.ts';
import { r4Definitions, sha256, systemClock } from '../../platform/index.ts';
import type { IncomingRecord } from '../../ports/inbound/index.ts';
import {
  checkEvent,
  layerOf,
  readPolicyDocument,
  type CheckRules,
  type Finding,
  type HouseRules,
} from '../../../src-shared/domain/index.ts';
import { parseExact } from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/**
 * `check`: every check that needs no EHR, on records that are not taken in (F1, F2). Needs no workspace, unless an
 * organization's rules in force are asked for. Ends with 1 where anything stops or a file cannot be read.
 */

export interface CheckCommandOptions {
  /** The files hold FHIR resources, not business events. */
  readonly fhir: boolean;
  /** Counts by rule instead of a line per record. */
  readonly totals?: boolean;
  /** Files with the rules of an organization, each for the events of its tenant. */
  readonly houseRules?: readonly string[];
  /** The rules of each tenant that are in force in the workspace. */
  readonly inForce?: boolean;
}

type HouseRulesOf = (tenant: string) => Promise<HouseRules | null>;

export function check(context: CommandContext, files: readonly string[], options: CheckCommandOptions): Promise<number> {
  if (files.length === 0) throw new CommandFailure(2, 'usage', 'Name at least one file, or - for standard input.');
  const { fhir, inForce = false, houseRules = [] } = options;
  if (fhir && (inForce || houseRules.length > 0))
    throw new CommandFailure(2, 'usage', 'Rules of an organization are about events; plain resources have no tenant.');
  if (inForce && houseRules.length > 0)
    throw new CommandFailure(2, 'usage', 'Name files with rules, or ask for those in force, not both.');
  if (!inForce) return checkFiles(context, files, options, fromFiles(houseRules));
  return withPerson(context, 'policy.read', ({ deps }) =>
    checkFiles(context, files, options, (tenant) => houseRulesInForce(deps.ledger, tenant)),
  );
}

/** Rules as they would be proposed: a file that could not be is refused by name. */
function fromFiles(files: readonly string[]): HouseRulesOf {
  const byTenant = new Map<string, HouseRules>();
  for (const file of files) {
    const refuse = (why: string): CommandFailure =>
      new CommandFailure(2, 'policy-invalid', `${printable(file)} holds no rules of an organization: ${printable(why)}`);
    const parsed = parseExact(readDocument(file), limits.jsonDepthMax);
    if (!parsed.ok) throw refuse(parsed.fault.message);
    // Policies hold small whole numbers only.
    const read = readPolicyDocument(JSON.parse(JSON.stringify(parsed.value)));
    if (!read.ok) throw refuse(read.message);
    if (read.document.policy !== 'house-rules') throw refuse(`it is a policy of the kind "${read.document.policy}"`);
    if (byTenant.has(read.document.tenant)) throw refuse(`"${read.document.tenant}" has rules from another file already`);
    byTenant.set(read.document.tenant, read.document);
  }
  return (tenant) => Promise.resolve(byTenant.get(tenant) ?? null);
}

async function checkFiles(
  context: CommandContext,
  files: readonly string[],
  options: CheckCommandOptions,
  houseRulesOf: HouseRulesOf,
): Promise<number> {
  const { io } = context;
  const rules = defaultChecks();
  const fhir = options.fhir ? { rules, definitions: r4Definitions() } : null;
  const totals = new Totals();
  for (const file of files) {
    try {
      for await (const record of recordsOf(file, context.stdin)) {
        const now = systemClock.now();
        const checked = fhir === null ? await checkRecord(record, rules, houseRulesOf, now) : checkFhir(record, { ...fhir, now });
        totals.add(checked);
        if (options.totals === true) continue;
        const { eventId, findings, resources } = checked;
        const of = files.length > 1 ? { file } : {};
        const output = { line: record.line, ...of, eventId, findings: findings.map(layered) };
        io.result(
          'check',
          resources === undefined ? output : { ...output, resources: [...resources] },
          words(files.length > 1 ? `${file} ` : '', record.line, checked),
        );
      }
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      totals.unread += 1;
      io.note(`Not read: ${printable(error.message)}.`);
    }
  }
  const counted = totals.output();
  if (options.totals === true) io.result('check-totals', counted, totalsWords(counted));
  else io.note(headline(counted));
  return counted.findings.stop + counted.unread > 0 ? 1 : 0;
}

async function checkRecord(
  record: IncomingRecord,
  rules: CheckRules,
  houseRulesOf: HouseRulesOf,
  now: number,
): Promise<CheckedRecord> {
  const read = readRecord(record, { sha256 });
  if (!read.ok) return { eventId: read.eventId, findings: [refusal(read.code, read.message)] };
  const house = await houseRulesOf(read.event.tenant);
  return { eventId: read.event.id, findings: checkEvent(read.event, rules, { now, house }) };
}

type CheckTotals = Output<'check-totals'>;

/** Counts over all records. */
class Totals {
  unread = 0;
  private records = 0;
  private clean = 0;
  private readonly bySeverity = { stop: 0, review: 0, information: 0 };
  private readonly rules = new Map<string, CheckTotals['rules'][number]>();
  private readonly types = new Map<string, CheckTotals['resources'][number]>();

  add({ findings, resources = [] }: CheckedRecord): void {
    this.records += 1;
    if (findings.every(({ severity }) => severity === 'information')) this.clean += 1;
    const here = new Set<string>();
    for (const { rule, severity } of findings) {
      this.bySeverity[severity] += 1;
      const name = `${rule} ${severity}`;
      const count = this.rules.get(name) ?? { rule, layer: layerOf(rule), severity, findings: 0, records: 0 };
      this.rules.set(name, count);
      count.findings += 1;
      if (!here.has(name)) count.records += 1;
      here.add(name);
    }
    for (const { resourceType, notChecked } of resources) {
      const name = resourceType ?? 'without a type';
      const count = this.types.get(name) ?? { resourceType: name, resources: 0, inPart: 0 };
      this.types.set(name, count);
      count.resources += 1;
      if (notChecked.length > 0) count.inPart += 1;
    }
  }

  output(): CheckTotals {
    const { records, clean, unread, bySeverity } = this;
    const serious = (bySeverity.stop + bySeverity.review) / Math.max(1, records);
    return {
      ...{ records, unread, clean, findings: { ...bySeverity } },
      seriousPerRecord: Math.round(serious * 1000) / 1000,
      rules: [...this.rules.values()].toSorted((a, b) => b.findings - a.findings || a.rule.localeCompare(b.rule)),
      resources: [...this.types.values()].toSorted((a, b) => a.resourceType.localeCompare(b.resourceType)),
    };
  }
}

function headline({ records, findings, resources }: CheckTotals): string {
  const inPart = resources.reduce((sum, one) => sum + one.inPart, 0);
  const counts = `${findings.stop} findings that stop, ${findings.review} to review, ${findings.information} for information`;
  return `${records} records checked: ${counts}.${inPart === 0 ? '' : ` ${inPart} resources could be checked in part only.`}`;
}

function totalsWords(totals: CheckTotals): string {
  return [
    headline(totals),
    `${totals.clean} records with nothing to review; ${totals.seriousPerRecord} findings to review or that stop per record.`,
    ...totals.rules.map(
      (one) => `  ${String(one.findings).padStart(6)} ${one.severity} ${one.rule} (${one.layer}), in ${one.records} records`,
    ),
    ...totals.resources.map(
      (one) =>
        `  ${String(one.resources).padStart(6)} ${printable(one.resourceType)}${one.inPart === 0 ? '' : `, ${one.inPart} in part only`}`,
    ),
  ].join('\n');
}

function words(file: string, line: number, { eventId, findings, resources = [] }: CheckedRecord): string {
  const head = `${file}line ${line}: ${printable(eventId ?? 'record')}`;
  const parts = resources.flatMap(({ path, resourceType, notChecked }) => {
    const name = printable([path, resourceType ?? ''].filter((one) => one !== '').join(' '));
    return notChecked.map(({ what, why }) => `  not checked: ${WHAT[what]} of ${name}: ${printable(why)}`);
  });
  return [
    findings.length === 0 ? `${head}: nothing found` : `${head}: ${findings.length} findings`,
    ...findings.map(findingLine),
    ...parts,
  ].join('\n');
}

const WHAT = { structure: 'structure', content: 'codes, values and times', 'values-by-age': 'values for the age' } as const;

function findingLine({ severity, rule, path, message, next, span }: Finding): string {
  const place = span === undefined ? path : `${path} ${span.start}-${span.end}`;
  return `  ${severity} ${rule} (${layerOf(rule)}) at ${printable(place)}: ${printable(message)} ${next}`;
}
