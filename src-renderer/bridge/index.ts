export { CallError } from './client.ts';
export type { Client } from './client.ts';
export { BridgeProvider, useClient } from './context.tsx';
export type { SessionEnd } from './context.tsx';
export { callKey, useAct, useCall, useForget, useLink, useNotice } from './hooks.ts';
export type { CallOptions } from './hooks.ts';
export { openClient } from './open.ts';
