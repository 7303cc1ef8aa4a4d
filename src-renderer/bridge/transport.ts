import type { ExposedBridge } from '../../src-shared/contract/index.ts';

/** How the window reaches the main process. Both shells offer the same calls and notices. */
export interface Transport extends ExposedBridge {
  /** Calls back whenever the way to the main process breaks or comes back; what was missed meanwhile is not sent again. */
  onLink(listener: (up: boolean) => void): () => void;
}

/** The main process could not be reached, or what came back is not its answer. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  /** What the person can do about it. */
  readonly next: string;

  constructor(message: string, next: string) {
    super(message);
    this.next = next;
  }
}

/** The desktop shell's bridge. It lives and dies with the window, so its link never breaks. */
export function desktopTransport(bridge: ExposedBridge): Transport {
  return {
    call: (method, request) => bridge.call(method, request),
    onNotice: (listener) => bridge.onNotice(listener),
    onLink: () => () => undefined,
  };
}
