import type { ContextBridge, IpcRenderer } from 'electron';
import { callChannel, noticeChannel, passphraseChannel } from './channels.ts';
import {
  exposedName,
  exposedPassphraseName,
  type ExposedBridge,
  type ExposedPassphrase,
} from '../../../src-shared/contract/index.ts';

/**
 * What the preload scripts give to their pages: functions that take and give plain data. Nothing of Electron itself,
 * neither an event nor a channel's name, reaches a page.
 */

export interface PreloadParts {
  readonly contextBridge: Pick<ContextBridge, 'exposeInMainWorld'>;
  readonly ipcRenderer: Pick<IpcRenderer, 'invoke' | 'on' | 'removeListener'>;
}

export function exposeConsole({ contextBridge, ipcRenderer }: PreloadParts): void {
  const exposed: ExposedBridge = {
    // As a text: its length is known before anything of it is read, and it has no prototype.
    call: (method, request) => ipcRenderer.invoke(callChannel, JSON.stringify({ method, request })),
    onNotice: (listener) => {
      const heard = (_event: unknown, notice: unknown): void => listener(notice);
      ipcRenderer.on(noticeChannel, heard);
      return () => void ipcRenderer.removeListener(noticeChannel, heard);
    },
  };
  contextBridge.exposeInMainWorld(exposedName, exposed);
}

export function exposePassphrase({ contextBridge, ipcRenderer }: PreloadParts): void {
  const exposed: ExposedPassphrase = {
    ask: (request) => ipcRenderer.invoke(passphraseChannel, JSON.stringify(request)),
  };
  contextBridge.exposeInMainWorld(exposedPassphraseName, exposed);
}
