import { setNonce } from 'get-nonce';
import { z } from 'zod';

/**
 * What has to stand before anything else of the window is loaded. main.tsx imports it first.
 */

interface TrustedTypesFactory {
  createPolicy(name: string, rules: { readonly createHTML: (text: string) => string }): unknown;
}

/** Text for a place that takes markup: only text in which no tag can start. */
export function markupFree(text: string): string {
  if (text.includes('<')) throw new TypeError('Text with a tag in it was about to become markup.');
  return text;
}

/** The nonce of this page, for the styles that components put in at run time. */
export function styleNonce(): string {
  return document.querySelector<HTMLElement>('script[nonce], meta[nonce]')?.nonce ?? '';
}

// zod would otherwise try `new Function`, which the content security policy reports as an attempt to break it.
z.config({ jitless: true });

if (typeof document !== 'undefined') {
  // Scripts and script addresses get no rule, so the browser refuses all of them (Trusted Types, section 3.6).
  const { trustedTypes } = globalThis as { trustedTypes?: TrustedTypesFactory };
  trustedTypes?.createPolicy('default', { createHTML: markupFree });
  setNonce(styleNonce());
}
