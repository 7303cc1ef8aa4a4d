// Runs in the passphrase window before its page, sandboxed. Built as one CommonJS file, like preload.ts.
import { contextBridge, ipcRenderer } from 'electron';
import { exposePassphrase } from './exposed-bridge.ts';

exposePassphrase({ contextBridge, ipcRenderer });
