import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The window's files, the same for both shells: a fixed map read once, so that no address can lead outside it. */

/** Stands in the built page wherever a nonce belongs. */
const NONCE_PLACE = '__CSP_NONCE__';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
};

export interface ShellAnswer {
  readonly status: 200 | 404;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const common = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), usb=(), serial=(), hid=(), clipboard-read=()',
} as const;

const notFound: ShellAnswer = { status: 404, headers: common, body: new Uint8Array() };

/** Where a shell's page may send requests: nowhere under the desktop shell, to its own address in the local console. */
export type ShellConnects = 'none' | 'self';

/**
 * The content security policy of a page (W3C CSP Level 3; Trusted Types). Styles carry a nonce because the component
 * library writes its own; scripts come from files only; nothing is framed, and no text becomes markup.
 */
export function contentSecurityPolicy(nonce: string, connects: ShellConnects): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src '${connects}'`,
    "frame-src 'none'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "require-trusted-types-for 'script'",
    'trusted-types default',
  ].join('; ');
}

/**
 * Reads the built window into memory.
 *
 * @throws Error when it has not been built
 */
export class ShellFiles {
  private readonly files = new Map<string, { type: string; body: Buffer }>();
  private readonly connects: ShellConnects;

  constructor(folder: string, connects: ShellConnects) {
    this.connects = connects;
    for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
      const type = types[path.extname(entry.name)];
      if (!entry.isFile() || type === undefined) continue;
      const file = path.join(entry.parentPath, entry.name);
      const name = path.relative(folder, file).split(path.sep).join('/');
      this.files.set(`/${name}`, { type, body: readFileSync(file) });
    }
    if (!this.files.has('/index.html')) throw new Error(`the window has not been built: ${folder} has no index.html`);
  }

  /** The answer for a path of the address. A page gets a nonce that no other page has. */
  answer(pathname: string): ShellAnswer {
    const file = this.files.get(pathname === '/' ? '/index.html' : pathname);
    if (file === undefined) return notFound;
    const headers: Record<string, string> = { ...common, 'content-type': file.type };
    if (!file.type.startsWith('text/html')) return { status: 200, headers, body: file.body };
    const nonce = randomBytes(18).toString('base64');
    headers['content-security-policy'] = contentSecurityPolicy(nonce, this.connects);
    return { status: 200, headers, body: Buffer.from(file.body.toString('utf8').replaceAll(NONCE_PLACE, nonce)) };
  }
}
