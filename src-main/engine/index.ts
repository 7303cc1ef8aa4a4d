export { inspect } from './audit/inspect.ts';
export type { EngineDeps } from './deps.ts';
export { readRecord, takeIn } from './intake/take-in.ts';
export { runEngine } from './outbox/run.ts';
export { peopleDecide } from './policy/decide.ts';
export { register } from './registry/register.ts';
