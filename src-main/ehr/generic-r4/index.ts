export { ADAPTER, createGenericR4Gateway } from './gateway.ts';
export type { GenericR4Options, OpenedGateway } from './gateway.ts';
