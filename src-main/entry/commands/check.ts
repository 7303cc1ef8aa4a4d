import { CommandFailure, printable } from '../console-io.ts';
import type { CommandContext } from '../session.ts';
import { defaultChecks } from '../workspace.ts';
import { readRecord } from '../../engine/index.ts';
import { recordsOf, UnreadableFile } from '../../intake/index.ts';
import { r4Definitions, sha256, systemClock } from '../../platform/index.ts';
import type { Definitions } from '../../ports/outbound/index.ts';
import type { IncomingRecord } from '../../ports/inbound/index.ts';
import {
  checkEvent,
  checkResourceCodes,
  failureOf,
  type CheckRules,
  type FailureCode,
  type Finding,
  type ResourceFacts,
} from '../../../src-shared/domain/index.ts';
import { asArray, asObject, asString, parseExact, type ExactObject, type ExactValue } from '../../../src-shared/fhir/index.ts';
import { limits } from '../../../src-shared/limits/index.ts';

/** `check`: every check that needs no EHR, on records that are not taken in. Needs no workspace (F1, F2). */

export interface CheckCommandOptions {
  /** The files hold FHIR resources, not business events. */
  readonly fhir: boolean;
}

interface Checked {
  readonly eventId: string | null;
  readonly findings: readonly Finding[];
}

export async function check(context: CommandContext, files: readonly string[], options: CheckCommandOptions): Promise<number> {
  if (files.length === 0) throw new CommandFailure(2, 'usage', 'Name at least one file, or - for standard input.');
  const { io } = context;
  const rules = defaultChecks();
  const definitions = r4Definitions();
  const counts = { records: 0, stop: 0, review: 0, information: 0 };
  let unreadable = 0;
  for (const file of files) {
    try {
      for await (const record of recordsOf(file, context.stdin)) {
        const checked = options.fhir ? checkFhir(record, rules, definitions) : checkRecord(record, rules);
        counts.records += 1;
        for (const { severity } of checked.findings) counts[severity] += 1;
        io.result(
          'check',
          { line: record.line, ...(files.length > 1 ? { file } : {}), eventId: checked.eventId, findings: [...checked.findings] },
          words(files.length > 1 ? `${file} ` : '', record.line, checked),
        );
      }
    } catch (error) {
      if (!(error instanceof UnreadableFile)) throw error;
      unreadable += 1;
      io.note(`Not read: ${printable(error.message)}.`);
    }
  }
  io.note(
    `${counts.records} records checked: ${counts.stop} findings that stop, ${counts.review} to review, ${counts.information} for information.`,
  );
  return counts.stop + unreadable > 0 ? 1 : 0;
}

function checkRecord(record: IncomingRecord, rules: CheckRules): Checked {
  const read = readRecord(record, { sha256 });
  if (!read.ok) return { eventId: read.eventId, findings: [refused(read.code, read.message)] };
  return { eventId: read.event.id, findings: checkEvent(read.event, rules, { now: systemClock.now() }) };
}

/** A plain resource, or each entry of a Bundle, by structure and by codes, units and texts. */
function checkFhir(record: IncomingRecord, rules: CheckRules, definitions: Definitions): Checked {
  const now = systemClock.now();
  if ('refused' in record) return { eventId: null, findings: [refused(record.refused, record.message)] };
  const parsed = parseExact(record.text, limits.jsonDepthMax);
  if (!parsed.ok) return { eventId: null, findings: [refused(parsed.fault.code, parsed.fault.message)] };
  const resource = asObject(parsed.value);
  if (resource === undefined)
    return { eventId: null, findings: [refused('structure-invalid', 'the record is not a JSON object')] };
  const eventId = asString(resource.id) ?? null;
  if (asString(resource.resourceType) !== 'Bundle')
    return { eventId, findings: resourceFindings(resource, '', { birthDate: null, now }, rules, definitions) };
  const entries = asArray(resource.entry) ?? [];
  const facts = { birthDate: birthDateIn(entries), now };
  const findings = entries.flatMap((entry, index) => {
    const inside = asObject(asObject(entry)?.resource);
    return inside === undefined ? [] : resourceFindings(inside, `Bundle.entry[${index}].resource: `, facts, rules, definitions);
  });
  return { eventId, findings };
}

/** The birth date of the one patient in a Bundle; `null` where there is none, or where it could be that of another. */
function birthDateIn(entries: readonly ExactValue[]): string | null {
  const patients = entries
    .map((entry) => asObject(asObject(entry)?.resource))
    .filter((one) => asString(one?.resourceType) === 'Patient');
  return patients.length === 1 ? (asString(patients[0]?.birthDate) ?? null) : null;
}

function resourceFindings(
  resource: ExactObject,
  before: string,
  facts: ResourceFacts,
  rules: CheckRules,
  definitions: Definitions,
): readonly Finding[] {
  const findings = [...definitions.validate(resource), ...checkResourceCodes(resource, rules, facts)];
  return findings.map((finding) => ({ ...finding, path: `${before}${finding.path}` }));
}

function refused(code: FailureCode, message: string): Finding {
  return { rule: code, severity: 'stop', path: '', message, next: failureOf(code).next };
}

function words(file: string, line: number, { eventId, findings }: Checked): string {
  const head = `${file}line ${line}: ${printable(eventId ?? 'record')}`;
  if (findings.length === 0) return `${head}: nothing found`;
  const each = findings.map(({ severity, rule, path, message, next, span }) => {
    const place = span === undefined ? path : `${path} ${span.start}-${span.end}`;
    return `  ${severity} ${rule} at ${printable(place)}: ${printable(message)} ${next}`;
  });
  return [`${head}: ${findings.length} findings`, ...each].join('\n');
}
