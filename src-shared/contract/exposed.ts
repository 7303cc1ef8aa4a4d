import type { PassphraseRequest } from './passphrase.ts';

/**
 * What a shell puts at the window's disposal: `window.countersign` under the desktop shell, the same over HTTP in the
 * local console. Both carry a method's name and JSON; checking is done on both sides by the contract.
 */
export interface ExposedBridge {
  /** Answers with an envelope (see envelope.ts), never rejects for a refusal. */
  call(method: string, request: unknown): Promise<unknown>;
  /** Calls back with each notice; returns what ends it. */
  onNotice(listener: (notice: unknown) => void): () => void;
}

/** Name under which the desktop shell exposes the bridge in the window. */
export const exposedName = 'countersign';

/** What the desktop shell puts at the disposal of its passphrase page, and under which name. Answers with an envelope. */
export interface ExposedPassphrase {
  ask(request: PassphraseRequest): Promise<unknown>;
}
export const exposedPassphraseName = 'countersignPassphrase';

/** Paths of the local console's API, all POST with a JSON body. */
export const consolePaths = {
  /** `{ code }` to `{ token }`, once per code. */
  exchange: '/api/exchange',
  /** `{ method, request }` to an envelope. */
  call: '/api/call',
  /** Answers with one notice per line for as long as the window listens. */
  notices: '/api/notices',
} as const;
