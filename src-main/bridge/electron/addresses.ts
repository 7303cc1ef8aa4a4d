import { shapes } from '../../../src-shared/contract/index.ts';

/** Addresses of the desktop shell: what belongs to the window, and what may be asked of it from outside. */

/** The scheme of the window's own files. */
export const appScheme = 'app';
const APP_HOST = 'countersign';
/** Address of the console's page. Screens stand behind `#`. */
export const consolePage = `${appScheme}://${APP_HOST}/`;
export const passphrasePage = `${consolePage}shell-pages/passphrase.html`;
/** Shown while the program ends. */
export const closingPage = `${consolePage}shell-pages/closing.html`;

/** The scheme under which the operating system hands addresses to the program. */
export const linkScheme = 'countersign';

/**
 * The path of an address of the window's own files, `null` for every other address. Compared by its parsed parts, never
 * by how the text begins: `app://countersign.example/` begins the same.
 */
export function ownPath(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const own =
    url.protocol === `${appScheme}:` && url.host === APP_HOST && url.port === '' && url.username === '' && url.password === '';
  return own ? url.pathname : null;
}

/** Hosts that a person may be led to in their own browser: the standards that findings refer to. */
const EXTERNAL_HOSTS: ReadonlySet<string> = new Set(['hl7.org', 'www.hl7.org', 'profiles.ihe.net']);

/** Whether an address may be handed to the system's browser. */
export function mayOpenOutside(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const url = new URL(text);
  return (
    url.protocol === 'https:' && EXTERNAL_HOSTS.has(url.hostname) && url.port === '' && url.username === '' && url.password === ''
  );
}

/**
 * The screen that an address from outside names, as what stands behind `#`; `null` for everything but
 * `countersign://write/<id>`. An address leads somewhere and never does anything.
 */
export function screenOfLink(text: string): string | null {
  const prefix = `${linkScheme}://write/`;
  if (!text.startsWith(prefix)) return null;
  const id = shapes.writeId.safeParse(text.slice(prefix.length));
  return id.success ? `/write/${id.data}` : null;
}

/** The screen that one of a second start's arguments names. Everything else among them is ignored. */
export function screenOfArguments(args: readonly string[]): string | null {
  for (const argument of args) {
    const screen = screenOfLink(argument);
    if (screen !== null) return screen;
  }
  return null;
}
