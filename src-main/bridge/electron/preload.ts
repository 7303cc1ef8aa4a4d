// Runs in the console's window before the page, sandboxed. Built as one CommonJS file: a sandboxed preload can load nothing else.
import { contextBridge, ipcRenderer } from 'electron';
import { exposeConsole } from './exposed-bridge.ts';

exposeConsole({ contextBridge, ipcRenderer });
