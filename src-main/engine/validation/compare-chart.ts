import type { EhrGateway, ListOutcome } from '../../ports/outbound/index.ts';
import {
  failureOf,
  listToCompare,
  notCompared,
  pathOf,
  repeatFindings,
  type BusinessEvent,
  type ChartList,
  type CheckRules,
  type ClinicalItem,
  type FailureCode,
  type Finding,
  type ReadRecord,
  type SlottedItem,
  type WriteRow,
} from '../../../src-shared/domain/index.ts';

export type Compared =
  | { readonly outcome: 'compared'; readonly findings: readonly Finding[] }
  /** The chart cannot be read now. */
  | { readonly outcome: 'wait'; readonly code: FailureCode; readonly retryAfterMs: number | null };

export interface ListReader {
  /** `undefined` where the adapter cannot ask. */
  listed(gateway: EhrGateway, connection: string, query: ChartList): Promise<ListOutcome> | undefined;
}

export interface Comparing {
  readonly row: WriteRow;
  readonly event: BusinessEvent;
  readonly item: SlottedItem;
  /** The item as it would be charted. */
  readonly clinical: ClinicalItem;
  /** Reference of the patient in the EHR. */
  readonly patient: string;
}

/**
 * Compares what would be added with what the chart lists already (F1): only the list that the item belongs to, of this
 * patient, and only the elements that are compared (G2). Nothing is read for what can repeat nothing.
 */
export async function compareWithChart(
  reader: ListReader,
  gateway: EhrGateway,
  { row, event, item, clinical, patient }: Comparing,
  rules: CheckRules,
  reads: ReadRecord[],
): Promise<Compared> {
  const none: Compared = { outcome: 'compared', findings: [] };
  const query = row.operation === 'create' ? listToCompare(clinical, patient, rules) : null;
  if (query === null) return none;
  const answer = await reader.listed(gateway, row.connection, query);
  if (answer === undefined) return none;
  const path = pathOf(event, item);
  if (answer.outcome === 'failed') {
    if (answer.retryable) return { outcome: 'wait', code: answer.code, retryAfterMs: answer.retryAfterMs };
    reads.push({ purpose: 'compare-list', what: query.list, found: [] });
    return { outcome: 'compared', findings: [notCompared(path, failureOf(answer.code).words)] };
  }
  reads.push({ purpose: 'compare-list', what: query.list, found: answer.entries.map(({ reference }) => reference) });
  const findings = repeatFindings(clinical, path, answer.entries, row.id, rules);
  const cut = answer.complete ? [] : [notCompared(path, 'the list is longer than is read')];
  return { outcome: 'compared', findings: [...findings, ...cut] };
}
