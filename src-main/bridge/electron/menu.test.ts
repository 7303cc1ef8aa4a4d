import type { MenuItemConstructorOptions } from 'electron';
import { describe, expect, it } from 'vitest';
import { menuTemplate } from './menu.ts';

function menu(kind: { mac: boolean; release: boolean }) {
  const did: string[] = [];
  const template = menuTemplate(kind, { go: (screen) => did.push(screen), lock: () => did.push('lock') });
  const items = template.flatMap(({ submenu }) => submenu as MenuItemConstructorOptions[]);
  return { did, items, labels: template.map(({ label }) => label), roles: items.flatMap(({ role }) => role ?? []) };
}

describe('K1 the menu', () => {
  it('K1 has what people look for, in its order', () => {
    expect(menu({ mac: false, release: true }).labels).toEqual(['&File', '&Edit', '&View', '&Window', '&Help']);
    expect(menu({ mac: true, release: true }).labels).toEqual(['Countersign', '&File', '&Edit', '&View', '&Window']);
  });

  it.each([true, false])('K1 edits, zooms back and quits by the system (Mac: %s)', (mac) => {
    const { roles } = menu({ mac, release: true });
    expect(roles).toEqual(expect.arrayContaining(['undo', 'redo', 'cut', 'copy', 'paste', 'selectAll', 'resetZoom', 'quit']));
  });

  it('I2 a release has no developer tools and no reload', () => {
    const dangerous = ['reload', 'forceReload', 'toggleDevTools'];
    expect(menu({ mac: false, release: true }).roles.filter((role) => dangerous.includes(role))).toEqual([]);
    expect(menu({ mac: true, release: true }).roles.filter((role) => dangerous.includes(role))).toEqual([]);
    expect(menu({ mac: false, release: false }).roles.filter((role) => dangerous.includes(role))).toEqual([
      'reload',
      'toggleDevTools',
    ]);
  });

  it('K1 shows screens and locks, each with its own key', () => {
    const { items, did } = menu({ mac: false, release: true });
    const acting = items.filter(({ click }) => click !== undefined);
    for (const { click } of acting) (click as () => void)();
    expect(did).toEqual(['lock', '/today', '/queue', '/approvals', '/connections']);
    const keys = acting.map(({ accelerator }) => accelerator);
    expect(keys).toEqual(['CmdOrCtrl+L', 'CmdOrCtrl+1', 'CmdOrCtrl+2', 'CmdOrCtrl+3', 'CmdOrCtrl+4']);
  });
});
