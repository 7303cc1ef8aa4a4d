import type { z } from 'zod';
import type * as shape from './shapes.ts';
import type * as view from './views.ts';

/** The views as types, for code that shows them. */

export type Me = z.infer<typeof view.me>;
export type Frame = z.infer<typeof view.frame>;
export type QueueTab = (typeof view.queueTabs)[number];
export type QueueFilter = z.infer<typeof view.queueFilter>;
export type QueueRow = z.infer<typeof view.queueRow>;
export type QueueGroup = z.infer<typeof view.queueGroup>;
export type QueuePage = z.infer<typeof view.queuePage>;
export type SubjectView = z.infer<typeof view.subjectView>;
export type TranscriptSegment = z.infer<typeof view.transcriptSegment>;
export type ActionName = (typeof view.actionNames)[number];
export type WriteAction = z.infer<typeof view.action>;
export type WriteViewModel = z.infer<typeof view.writeView>;
export type WriteTexts = z.infer<typeof view.writeTexts>;
export type ChartNow = z.infer<typeof view.chartNow>;
export type Attention = z.infer<typeof view.attention>;
export type Today = z.infer<typeof view.today>;
export type ApprovalsPage = z.infer<typeof view.approvalsPage>;
export type ConnectionViewModel = z.infer<typeof view.connectionView>;
export type LogJob = z.infer<typeof view.logJob>;
export type WriteSummary = z.infer<typeof shape.writeSummary>;
export type WriteDetail = z.infer<typeof shape.writeDetail>;
export type TimelineEntryView = z.infer<typeof shape.timelineEntry>;
export type ConnectionReportView = z.infer<typeof shape.connectionReport>;
export type FindingView = z.infer<typeof shape.signedFinding>;
export type DifferenceView = z.infer<typeof shape.difference>;
export type ExchangeView = z.infer<typeof shape.exchange>;
export type PersonView = z.infer<typeof shape.person>;
export type ConnectionShape = z.infer<typeof shape.connection>;
export type MaintenanceWindowShape = z.infer<typeof shape.maintenanceWindow>;
