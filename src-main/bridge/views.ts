import { connectionView, isoTime, writeDetail, writeSummary } from './shapes.ts';
import type { Response } from '../../src-shared/contract/index.ts';
import type {
  Attention,
  ChartNow,
  ConnectionState,
  ListedWrite,
  QueueQuery,
  QueueSlice,
  TodayView,
  WritePage,
} from '../ports/inbound/index.ts';
import { codeOf, failureOf, storyOf, type FailureCode } from '../../src-shared/domain/index.ts';

/** From what the use cases answer to what the screens are given. */

function isoOrNull(at: number | null): string | null {
  return at === null ? null : isoTime(at);
}

const ERASED = 'Erased record';

export function queueRow({ row, title, subject }: ListedWrite): Response<'queue.rows'>['rows'][number] {
  const code = codeOf(row.state);
  return {
    ...writeSummary(row),
    patient: subject?.name ?? null,
    title: title ?? ERASED,
    words: code === null ? null : failureOf(code).words,
  };
}

export function queuePage(query: QueueQuery, slice: QueueSlice): Response<'queue.page'> {
  return {
    total: slice.total,
    from: query.from,
    rows: slice.writes.map(queueRow),
    groups: slice.groups.map(({ state, code, count }) => ({ state, code, count })),
    revision: slice.revision,
  };
}

export function writeView(page: WritePage): Response<'write.read'> {
  const { view, title, subject, contract, actions, siblings, evidence } = page;
  return {
    write: writeDetail(view),
    title: title ?? ERASED,
    story: { ...storyOf(view.row) },
    subject: subject === null ? null : { ...subject, identifiers: [...subject.identifiers] },
    risk: { tier: view.row.tier, reason: contract.reason, approvers: [...contract.approvers] },
    group: siblings.map(({ row, title: name }) => ({
      id: row.id,
      title: name ?? ERASED,
      state: row.state.name,
      connection: row.connection,
    })),
    actions: actions.map((action) => ({ ...action })),
    evidence: evidence.map((segment) => ({ ...segment })),
  };
}

export function chartNowView(chart: ChartNow): Response<'write.chart-now'> {
  const readAt = isoTime(chart.at);
  if (chart.outcome !== 'read') return { outcome: chart.outcome, readAt, words: chart.words };
  const { reference, versionId, body, compared, differences } = chart;
  return { outcome: 'read', readAt, reference, versionId, body, compared, differences: differences.map((one) => ({ ...one })) };
}

export function todayResponse(today: TodayView): Response<'today.read'> {
  return {
    since: isoTime(today.since),
    completion: { safe: today.safe, all: today.all },
    pulledDownBy: today.pulledDownBy.map(({ state, code, count }) => ({ label: causeWords(state, code), state, code, count })),
    oldestUnknownAt: isoOrNull(today.oldestUnknownAt),
    unknown: today.unknown,
    oldestUnsentAt: isoOrNull(today.oldestUnsentAt),
    unsent: today.unsent,
    awaiting: { ...today.awaiting, oldestAt: isoOrNull(today.awaiting.oldestAt) },
    needsPerson: today.needsPerson.map(attention),
    connections: today.connections.map(({ connection, counts }) => ({
      name: connection.name,
      environment: connection.environment,
      stage: connection.stage,
      counts: { ...counts },
    })),
  };
}

function attention({ state, code, tier, count, oldestAt, newest }: Attention): Response<'today.read'>['needsPerson'][number] {
  const story = storyOf(newest.row);
  return {
    state,
    code,
    tier,
    count,
    words: causeWords(state, code),
    next: story.next,
    oldestAt: isoOrNull(oldestAt),
    only: count === 1 ? { id: newest.row.id, title: newest.title ?? ERASED, patient: newest.subject?.name ?? null } : null,
  };
}

function causeWords(state: string, code: FailureCode | null): string {
  if (code !== null) return failureOf(code).words;
  return state === 'awaiting-approval' ? 'Waits for a decision.' : `It is ${state}.`;
}

export function connectionStateView({
  connection,
  counts,
  lastTest,
}: ConnectionState): Response<'connections.list'>['connections'][number] {
  return {
    connection: connectionView(connection),
    counts: { ...counts },
    lastTest: lastTest === null ? null : { ...lastTest, at: isoTime(lastTest.at) },
  };
}
