import {
  type CallFailure,
  contract,
  envelope,
  type MethodName,
  notice as noticeShape,
  type Notice,
  type Request,
  type Response,
} from '../../src-shared/contract/index.ts';
import { type Transport, TransportError } from './transport.ts';

/** A call that was refused or failed, in words for the person. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly failure: CallFailure;

  constructor(failure: CallFailure) {
    super(failure.message);
    this.failure = failure;
  }
}

export interface Client {
  /** Asks the main process. Answers with what the contract promises, else throws a {@link CallError}. */
  call<M extends MethodName>(method: M, request: Request<M>): Promise<Response<M>>;
  onNotice(listener: (notice: Notice) => void): () => void;
  onLink(listener: (up: boolean) => void): () => void;
}

// Calls after which the chart may look different, if their answer got lost on the way.
const mayChangeTheChart = (method: MethodName): boolean => ['write.approve', 'write.retry', 'engine.resume'].includes(method);

/** What happened here and not there: no correlation of the main process exists, so it is one of the window. */
function localFailure(method: MethodName, code: string, message: string, next: string): CallError {
  return new CallError({
    code,
    message,
    chart: mayChangeTheChart(method) ? 'may-have-changed' : 'unchanged',
    next,
    correlation: `window-${crypto.randomUUID().slice(0, 13)}`,
  });
}

export function createClient(transport: Transport): Client {
  // One stream of notices for the whole window, however many parts of it listen.
  const listeners = new Set<(notice: Notice) => void>();
  let end: (() => void) | null = null;
  return {
    async call<M extends MethodName>(method: M, request: Request<M>): Promise<Response<M>> {
      let answer: unknown;
      try {
        answer = await transport.call(method, request);
      } catch (error) {
        if (error instanceof TransportError) throw localFailure(method, 'unreachable', error.message, error.next);
        throw localFailure(
          method,
          'unreachable',
          'Countersign did not answer.',
          'Try again. If it stays so, restart Countersign.',
        );
      }
      const parsed = envelope(contract[method].response).safeParse(answer);
      if (!parsed.success) {
        const where = parsed.error.issues[0]?.path.join('.') ?? '';
        throw localFailure(
          method,
          'internal',
          `The answer to ${method} does not have the agreed shape${where === '' ? '' : ` (${where})`}.`,
          'Reload the window. If it stays so, the window and the program are of different versions: restart Countersign.',
        );
      }
      if (!parsed.data.ok) throw new CallError(parsed.data.failure);
      // The schema that was looked up by the method has just accepted the value.
      return parsed.data.value as Response<M>;
    },
    onNotice(listener) {
      listeners.add(listener);
      end ??= transport.onNotice((raw) => {
        const parsed = noticeShape.safeParse(raw);
        if (parsed.success) for (const each of listeners) each(parsed.data);
      });
      return () => {
        listeners.delete(listener);
        if (listeners.size > 0) return;
        end?.();
        end = null;
      };
    },
    onLink: (listener) => transport.onLink(listener),
  };
}
