export { screenOfArguments } from './addresses.ts';
export { ConsoleWindow } from './console-window.ts';
export { Ipc } from './ipc.ts';
export { isFirstInstance, quitInSteps } from './lifecycle.ts';
export { menuTemplate } from './menu.ts';
export { askPassphrase } from './passphrase-window.ts';
export { systemKeyStore } from './system-key-store.ts';
export { readPlace } from './window-place.ts';
export { consoleWindow, hardenApp, hardenSession, partition, passphraseWindow, serveFiles } from './window-settings.ts';
