import { z } from 'zod';
import type { Act } from '../domain/index.ts';
import { limits } from '../limits/index.ts';
import * as shape from './shapes.ts';
import * as view from './views.ts';

/**
 * Everything the window may ask of the main process: one map from method to request, response and who may ask. Both
 * sides import it; a method that does not stand here does not exist. Adding one is adding a member here: the handlers
 * then no longer compile until there is one for it.
 */

/** `anyone`: before sign-in as well. `signed-in`: any person who is not locked out. An act: by the table of roles. */
export type Access = 'anyone' | 'signed-in' | Act;

export interface Method<Request extends z.ZodType = z.ZodType, Response extends z.ZodType = z.ZodType> {
  readonly access: Access;
  readonly request: Request;
  readonly response: Response;
}

function method<Request extends z.ZodType, Response extends z.ZodType>(
  access: Access,
  request: Request,
  response: Response,
): Method<Request, Response> {
  return { access, request, response };
}

const nothing = z.strictObject({});
const words = z.string().trim().min(1).max(limits.reasonCharsMax);
const secret = z.string().min(1).max(limits.secretCharsMax);
const personId = z.string().min(1).max(128);
const byId = z.strictObject({ id: shape.writeId });
const withReason = z.strictObject({ id: shape.writeId, reason: words });

export const contract = {
  /** Who can sign in. In a practice workspace with the secrets of its made-up people, which protect nothing. */
  'session.people': method(
    'anyone',
    nothing,
    z.strictObject({
      people: z.array(z.strictObject({ id: z.string(), name: z.string(), roles: z.array(shape.role) })),
      practiceSecrets: z.record(z.string(), z.string()).nullable(),
    }),
  ),
  'session.me': method('anyone', nothing, view.me.nullable()),
  'session.sign-in': method('anyone', z.strictObject({ person: personId, secret }), view.me),
  /** The same person again, after a lock. */
  'session.unlock': method('anyone', z.strictObject({ secret }), view.me),
  'session.lock': method('anyone', nothing, nothing),
  'session.sign-out': method('anyone', nothing, nothing),
  /** The person is at the screen: puts the idle lock off. */
  'session.active': method('signed-in', nothing, nothing),

  'frame.read': method('status', nothing, view.frame),
  'engine.pause': method('run', nothing, nothing),
  'engine.resume': method('run', nothing, nothing),

  'today.read': method('write.read', nothing, view.today),

  'queue.page': method(
    'write.read',
    z.strictObject({
      tab: z.enum(view.queueTabs),
      filter: view.queueFilter,
      from: z.int().nonnegative(),
      count: z.int().positive().max(limits.queuePageRowsMax),
    }),
    view.queuePage,
  ),
  /** The same rows again, as they are now, so that a list can change in place without moving. */
  'queue.rows': method(
    'write.read',
    z.strictObject({ ids: z.array(shape.writeId).max(limits.queuePageRowsMax) }),
    z.strictObject({ rows: z.array(view.queueRow) }),
  ),
  /** Writes that a text names: a write's id, an event's id, a patient's `SYSTEM|VALUE` or `Patient/ID`. */
  'queue.find': method(
    'write.read',
    z.strictObject({ text: z.string().trim().min(1).max(512) }),
    z.strictObject({ rows: z.array(view.queueRow) }),
  ),

  'write.read': method('write.read', byId, view.writeView),
  'write.texts': method('write.read', byId, view.writeTexts),
  /** Reads the chart. Changes nothing in it. */
  'write.chart-now': method('write.read', byId, view.chartNow),
  'write.approve': method(
    'write.approve',
    z.strictObject({
      id: shape.writeId,
      /** Hash of the bytes that were on the screen. */
      seenSha256: shape.sha256,
      meaning: words,
      /** Names of the remarks the person has acknowledged. */
      acknowledged: z.array(z.string().max(1024)).max(1000),
    }),
    shape.decision,
  ),
  /** Answers for one finding: acknowledges a remark, waives a stop that its rule lets be waived. */
  'write.sign-finding': method(
    'finding.sign',
    z.strictObject({
      id: shape.writeId,
      act: z.enum(['acknowledge', 'waive']),
      finding: z.string().min(1).max(1024),
      reason: words,
    }),
    shape.decision,
  ),
  'write.reject': method('write.reject', withReason, shape.decision),
  'write.retry': method('write.retry', byId, shape.decision),
  'write.withdraw': method('write.withdraw', withReason, shape.decision),
  'write.resolve': method('write.resolve', withReason, shape.decision),
  'write.attest-found': method(
    'write.resolve',
    z.strictObject({
      id: shape.writeId,
      reference: z
        .string()
        .trim()
        .regex(/^[A-Z][A-Za-z]+\/[A-Za-z0-9.-]{1,64}$/),
      reason: words,
    }),
    shape.decision,
  ),
  'write.attest-absent': method('write.resolve', withReason, shape.decision),

  'approvals.list': method('write.approve', nothing, view.approvalsPage),

  'connections.list': method('status', nothing, z.strictObject({ connections: z.array(view.connectionView) })),
  /** Reads what the server says about itself; writes nothing. */
  'connections.test': method('connection.test', z.strictObject({ name: z.string().min(1).max(64) }), shape.connectionReport),

  /** Checks the whole log: every leaf, every proof, every projection. */
  'log.verify': method('audit.verify', nothing, view.logJob),
  'log.job': method('audit.verify', z.strictObject({ job: z.string().max(64) }), view.logJob),
  'log.cancel': method('audit.verify', z.strictObject({ job: z.string().max(64) }), view.logJob),
} as const satisfies Record<string, Method>;

export type Contract = typeof contract;
export type MethodName = keyof Contract;
export type Request<M extends MethodName> = z.infer<Contract[M]['request']>;
export type Response<M extends MethodName> = z.infer<Contract[M]['response']>;

export const methodNames = Object.keys(contract) as readonly MethodName[];

export function isMethod(name: unknown): name is MethodName {
  return typeof name === 'string' && Object.hasOwn(contract, name);
}
