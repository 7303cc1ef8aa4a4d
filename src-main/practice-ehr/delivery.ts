import { outcomeReply } from './answers.ts';
import type { Reply } from './answers.ts';
import type { DeliveryFault, FaultDecision } from './faults.ts';
import type { Call, FhirService } from './service.ts';

/** The client's side of one request, as far as faults play with it. */
export interface Line {
  send(reply: Reply): void;
  /** Sends the head and half of the body, then closes. */
  sendHalf(reply: Reply): void;
  close(): void;
}

/** Waits that end early when the server is closed; they then give false, and the work behind them is not done. */
export class Waits {
  private readonly open = new Set<() => void>();
  private closed = false;

  wait(milliseconds: number): Promise<boolean> {
    if (this.closed) return Promise.resolve(false);
    if (milliseconds <= 0) return Promise.resolve(true);
    return new Promise((resolve) => {
      const end = (passed: boolean): void => {
        clearTimeout(timer);
        this.open.delete(cancel);
        resolve(passed);
      };
      const cancel = (): void => {
        end(false);
      };
      const timer = setTimeout(() => {
        end(true);
      }, milliseconds);
      this.open.add(cancel);
    });
  }

  close(): void {
    this.closed = true;
    for (const cancel of [...this.open]) cancel();
  }
}

/** Carries out a request under the faults that strike it. */
export async function deliver(
  service: FhirService,
  waits: Waits,
  call: Call,
  decision: FaultDecision,
  line: Line,
): Promise<void> {
  const carryOut = async (): Promise<Reply | undefined> => {
    // A slow server carries the request out even when the client has stopped waiting.
    if (!(await waits.wait(decision.delayBeforeMs))) return undefined;
    if (decision.staleVersion !== undefined) service.actAsAnotherAuthor(call, decision.staleVersion.change);
    const reply = await service.answer(call, decision);
    return (await waits.wait(decision.delayAfterMs)) ? reply : undefined;
  };
  const { delivery } = decision;
  if (delivery === undefined) {
    finish(line, await carryOut());
    return;
  }
  await strike(delivery, carryOut, waits, line);
}

async function strike(fault: DeliveryFault, carryOut: () => Promise<Reply | undefined>, waits: Waits, line: Line): Promise<void> {
  switch (fault.kind) {
    case 'timeout-before':
      await waits.wait(fault.holdMs);
      line.close();
      return;
    case 'lost-reply':
      await carryOut();
      line.close();
      return;
    case 'reset-mid-body': {
      const reply = await carryOut();
      if (reply === undefined) line.close();
      else line.sendHalf(reply);
      return;
    }
    case 'duplicate-request': {
      const again = async (): Promise<Reply | undefined> => ((await waits.wait(fault.delayMs)) ? carryOut() : undefined);
      if (fault.answer === 'second') {
        const [, second] = await Promise.all([carryOut(), again()]);
        finish(line, second);
        return;
      }
      const second = again();
      finish(line, await carryOut());
      await second;
      return;
    }
    case 'status':
      if (fault.committed) await carryOut();
      line.send(
        outcomeReply(
          fault.status,
          [{ severity: 'error', code: statusCode(fault.status), text: `fault: status ${fault.status}` }],
          retryAfter(fault),
        ),
      );
      return;
    case 'ok-with-error-outcome':
      if (fault.committed) await carryOut();
      line.send(
        outcomeReply(200, [{ severity: 'error', code: 'processing', text: 'fault: an error in an answer that says 200' }]),
      );
      return;
    case 'accepted-202':
      line.send({ status: 202, headers: {}, body: undefined });
      if (await waits.wait(fault.delayMs)) await carryOut();
      return;
    case 'no-location':
      finish(line, withoutLocation(await carryOut(), fault.etag));
      return;
  }
}

function finish(line: Line, reply: Reply | undefined): void {
  if (reply === undefined) line.close();
  else line.send(reply);
}

function withoutLocation(reply: Reply | undefined, etag: boolean): Reply | undefined {
  if (reply?.status !== 201) return reply;
  const kept = Object.entries(reply.headers).filter(([name]) => name === 'Last-Modified' || (etag && name === 'ETag'));
  return { status: 201, headers: Object.fromEntries(kept), body: undefined };
}

function statusCode(status: number): 'throttled' | 'transient' | 'processing' {
  return status === 429 ? 'throttled' : status >= 500 ? 'transient' : 'processing';
}

const TEN_YEARS_S = 315_360_000;

/** Retry-After in the forms a client may meet (RFC 9110, 10.2.3), good and bad. */
function retryAfter(fault: Extract<DeliveryFault, { kind: 'status' }>): Record<string, string> {
  const at = (milliseconds: number): Record<string, string> => ({
    'Retry-After': new Date(Date.now() + milliseconds).toUTCString(),
  });
  switch (fault.retryAfter) {
    case 'absent':
      return {};
    case 'seconds':
      return { 'Retry-After': String(fault.retryAfterSeconds) };
    case 'http-date':
      return at(fault.retryAfterSeconds * 1000);
    case 'huge':
      return { 'Retry-After': String(TEN_YEARS_S) };
    case 'past':
      return at(-3_600_000);
    case 'garbage':
      return { 'Retry-After': 'soon' };
  }
}
