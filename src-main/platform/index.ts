export { r4Definitions } from './definitions/definitions.ts';
export { createKeySlots, deriveKeys, openKeySlots, wipeKeys } from './key-slots/key-slots.ts';
export type { CreateRefusal, KeySlotOptions, OpenRefusal, WorkspaceKeys } from './key-slots/key-slots.ts';
export type { KdfParameters } from './key-slots/kdf.ts';
export { fileLog, lineLog, stderrLog } from './log.ts';
export { sha256, systemClock, systemRandom, systemTimers } from './runtime.ts';
export { isWorkspace, resourcesFolder, workspacePaths } from './workspace.ts';
export type { WorkspacePaths } from './workspace.ts';
