export {
  connectionView,
  findingView,
  isoTime,
  layered,
  personView,
  timelineEntry,
  windowView,
  writeDetail,
  writeSummary,
} from './shapes.ts';
export { Bridge } from './bridge.ts';
export type { BridgeWindow } from './bridge.ts';
export { LocalConsole } from './local-http.ts';
export type { LaunchCode } from './local-http.ts';
export { contentSecurityPolicy, ShellFiles } from './shell-files.ts';
export * as desktop from './electron/index.ts';
