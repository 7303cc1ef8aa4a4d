import { z } from 'zod';
import { consolePaths } from '../../src-shared/contract/index.ts';
import { lineReader, reconnectDelayMs } from './lines.ts';
import { type Transport, TransportError } from './transport.ts';

/**
 * The bridge over HTTP on a loopback address, for machines without the desktop shell. A one-use code in the address is
 * exchanged for a token that lives as long as this tab.
 */

const TOKEN_KEY = 'countersign.token';
const OPEN_ANEW = 'Close this tab and run `countersign console` again: it opens a new one.';

/** The code in the address of the page as it was opened, `#code=XXXX`; `null` when there is none. */
export function codeInFragment(fragment: string): string | null {
  return /^#?\/?code=([A-Za-z0-9_-]{4,256})$/.exec(fragment)?.[1] ?? null;
}

async function post(path: string, body: unknown, token: string | null, signal?: AbortSignal): Promise<Response> {
  try {
    return await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token === null ? {} : { authorization: `Bearer ${token}` }) },
      body: JSON.stringify(body),
      cache: 'no-store',
      credentials: 'omit',
      redirect: 'error',
      ...(signal === undefined ? {} : { signal }),
    });
  } catch {
    throw new TransportError(
      'Countersign does not answer. Its program on this machine may have stopped.',
      'Look whether `countersign console` still runs, then try again.',
    );
  }
}

/** The token of this tab: the one it has, or a new one for the code in the address. */
async function obtainToken(): Promise<string> {
  const code = codeInFragment(location.hash);
  if (code === null) {
    const kept = sessionStorage.getItem(TOKEN_KEY);
    if (kept !== null) return kept;
    throw new TransportError('This page was opened without its one-use code, so it may not ask for anything.', OPEN_ANEW);
  }
  // At once, so that neither the history nor a copied address ever holds a code that could still be used.
  history.replaceState(null, '', `${location.pathname}#/`);
  const answer = await post(consolePaths.exchange, { code }, null);
  const parsed = z.object({ token: z.string().min(1) }).safeParse(await answer.json().catch(() => null));
  if (!answer.ok || !parsed.success) {
    throw new TransportError('The one-use code of this page has been used already or is too old.', OPEN_ANEW);
  }
  sessionStorage.setItem(TOKEN_KEY, parsed.data.token);
  return parsed.data.token;
}

async function readNotices(token: string, tell: (notice: unknown) => void, up: () => void, end: AbortSignal): Promise<void> {
  const answer = await post(consolePaths.notices, {}, token, end);
  if (!answer.ok || answer.body === null) throw new TransportError('No notices.', OPEN_ANEW);
  up();
  const lines = lineReader();
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const line of lines(value)) tell(JSON.parse(line));
  }
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export function localConsoleTransport(): Transport {
  const token = obtainToken();
  // Every call reports the failure in its own words; this keeps the browser from reporting it once more as nobody's.
  token.catch(() => undefined);
  const linkListeners = new Set<(up: boolean) => void>();
  let wasUp: boolean | null = null;
  const link = (up: boolean): void => {
    if (wasUp === up) return;
    const first = wasUp === null;
    wasUp = up;
    if (!(first && up)) for (const listener of linkListeners) listener(up);
  };

  async function listen(tell: (notice: unknown) => void, end: AbortSignal): Promise<void> {
    let failures = 0;
    const key = await token;
    while (!end.aborted) {
      try {
        await readNotices(
          key,
          tell,
          () => {
            failures = 0;
            link(true);
          },
          end,
        );
      } catch {
        failures += 1;
      }
      if (end.aborted) return;
      link(false);
      await wait(reconnectDelayMs(failures));
    }
  }

  return {
    async call(method, request) {
      const answer = await post(consolePaths.call, { method, request }, await token);
      const body: unknown = await answer.json().catch(() => undefined);
      if (typeof body === 'object' && body !== null && 'ok' in body) return body;
      // A window that the console no longer knows is answered like anybody who was never let in.
      if (answer.status === 404) {
        throw new TransportError('The session of this tab has ended: the console was started anew or closed.', OPEN_ANEW);
      }
      throw new TransportError('The answer was not one of Countersign.', OPEN_ANEW);
    },
    onNotice(listener) {
      const end = new AbortController();
      listen(listener, end.signal).catch(() => undefined);
      return () => end.abort();
    },
    onLink(listener) {
      linkListeners.add(listener);
      return () => linkListeners.delete(listener);
    },
  };
}
