import { createGenericR4Gateway, type GenericR4Options, type OpenedGateway } from './generic-r4/index.ts';

export { parseBaseUrl } from './kit/index.ts';
export type { BaseUrl, CredentialSlot, ParsedBaseUrl, Timeouts } from './kit/index.ts';
export type { OpenedGateway } from './generic-r4/index.ts';

/** What every adapter is opened with; what one of them needs besides has a default. */
export type AdapterOptions = GenericR4Options;
export type AdapterFactory = (options: AdapterOptions) => OpenedGateway;

/** The adapters by the name that a connection is registered with. Without a prototype: `constructor` is no adapter. */
export const adapters: Readonly<Record<string, AdapterFactory>> = Object.freeze(
  Object.assign(Object.create(null) as Record<string, AdapterFactory>, { 'generic-r4': createGenericR4Gateway }),
);
