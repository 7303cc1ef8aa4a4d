import type { MenuItemConstructorOptions } from 'electron';

/** The menu, in the order and with the keys that people know from other programs. */

export interface MenuActs {
  /** Shows a screen, by what stands behind `#`. */
  readonly go: (screen: string) => void;
  readonly lock: () => void;
}

export interface MenuKind {
  readonly mac: boolean;
  readonly release: boolean;
}

const screens = [
  ['Today', '/today'],
  ['Queue', '/queue'],
  ['Approvals', '/approvals'],
  ['Connections', '/connections'],
] as const;

const separator: MenuItemConstructorOptions = { type: 'separator' };

export function menuTemplate({ mac, release }: MenuKind, { go, lock }: MenuActs): MenuItemConstructorOptions[] {
  const program: MenuItemConstructorOptions = {
    label: 'Countersign',
    submenu: [
      { role: 'about' },
      separator,
      { role: 'hide' },
      { role: 'hideOthers' },
      { role: 'unhide' },
      separator,
      { role: 'quit' },
    ],
  };
  const file: MenuItemConstructorOptions = {
    label: '&File',
    submenu: [
      { label: 'Lock this window', accelerator: 'CmdOrCtrl+L', click: lock },
      separator,
      mac ? { role: 'close' } : { role: 'quit' },
    ],
  };
  const edit: MenuItemConstructorOptions = {
    label: '&Edit',
    submenu: [
      { role: 'undo' },
      { role: 'redo' },
      separator,
      { role: 'cut' },
      { role: 'copy' },
      { role: 'paste' },
      { role: 'selectAll' },
    ],
  };
  const view: MenuItemConstructorOptions = {
    label: '&View',
    submenu: [
      ...screens.map(([label, screen], index) => ({
        label,
        accelerator: `CmdOrCtrl+${index + 1}`,
        click: () => go(screen),
      })),
      separator,
      { role: 'resetZoom' },
      { role: 'zoomIn' },
      { role: 'zoomOut' },
      separator,
      { role: 'togglefullscreen' },
      // For those who work on the program. In a release a key pressed by accident must not throw away what somebody was writing.
      ...(release ? [] : [separator, { role: 'reload' as const }, { role: 'toggleDevTools' as const }]),
    ],
  };
  const window: MenuItemConstructorOptions = {
    label: '&Window',
    role: 'window',
    submenu: [{ role: 'minimize' }, ...(mac ? [{ role: 'zoom' as const }, separator, { role: 'front' as const }] : [])],
  };
  const help: MenuItemConstructorOptions = { label: '&Help', role: 'help', submenu: [{ role: 'about' }] };
  return mac ? [program, file, edit, view, window] : [file, edit, view, window, help];
}
