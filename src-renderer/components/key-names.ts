/** The parts of a keyboard event that name a shortcut. */
export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

/**
 * The name of a key press: the key as it is printed (`j`, `?`, `Enter`, `ArrowDown`), with `mod+` in front for Ctrl or
 * Cmd and `alt+` for Alt. Shift is named only with keys that print nothing, because `?` already says it.
 */
export function keyName(press: KeyPress): string {
  const printed = press.key.length === 1;
  return [
    press.ctrlKey || press.metaKey ? 'mod+' : '',
    press.altKey ? 'alt+' : '',
    press.shiftKey && !printed ? 'shift+' : '',
    printed && (press.ctrlKey || press.metaKey) ? press.key.toLowerCase() : press.key,
  ].join('');
}

const TYPED_INTO =
  'input:not([type="checkbox"], [type="radio"], [type="button"]), textarea, select, [contenteditable="true"], [role="combobox"]';
const PRESSED = 'a[href], button, summary, [role="button"], [role="menuitem"], [role="tab"], [role="option"], input';

/** True when the key belongs to what has the focus: text being typed, or a control that Enter or Space presses. */
export function isTyping(event: { readonly target: unknown; readonly key: string }): boolean {
  if (typeof Element === 'undefined' || !(event.target instanceof Element)) return false;
  if (event.target.closest(TYPED_INTO) !== null) return true;
  return (event.key === 'Enter' || event.key === ' ') && event.target.closest(PRESSED) !== null;
}

const isMac = (): boolean => typeof navigator !== 'undefined' && /mac/i.test(navigator.userAgent);

const shown: Readonly<Record<string, string>> = {
  ArrowDown: '↓',
  ArrowUp: '↑',
  ArrowLeft: '←',
  ArrowRight: '→',
  Escape: 'Esc',
  ' ': 'Space',
};

/** The parts of a shortcut as they stand on a keyboard: `mod+k` is Ctrl and K, on a Mac Cmd and K. */
export function keyCaps(keys: string, mac = isMac()): readonly string[] {
  const parts = keys === '+' ? ['+'] : keys.split('+');
  return parts.map((part) => {
    if (part === 'mod') return mac ? 'Cmd' : 'Ctrl';
    if (part === 'alt') return 'Alt';
    if (part === 'shift') return 'Shift';
    return shown[part] ?? (parts.length > 1 ? part.toUpperCase() : part);
  });
}
