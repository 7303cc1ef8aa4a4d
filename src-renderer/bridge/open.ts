import { exposedName, type ExposedBridge } from '../../src-shared/contract/index.ts';
import { type Client, createClient } from './client.ts';
import { localConsoleTransport } from './local-console.ts';
import { desktopTransport } from './transport.ts';

/** The client for the shell this window runs in. */
export function openClient(): Client {
  const exposed = (window as { readonly [exposedName]?: ExposedBridge })[exposedName];
  return createClient(exposed === undefined ? localConsoleTransport() : desktopTransport(exposed));
}
