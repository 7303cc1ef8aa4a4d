/** The texts inside a resource: attachments and narratives, turned back into the characters a person reads. */

const TEXTUAL = /^(?:text\/[^;]+|application\/(?:[^;]+\+)?(?:json|xml))(?:;|$)/i;
const CHARSET = /;\s*charset\s*=\s*"?([^";\s]+)/i;
const READABLE_CHARSETS = new Set(['utf-8', 'utf8', 'us-ascii']);

/** The text of an attachment's data, or words that say why it is not shown as text. */
export type AttachmentText = { readonly text: string } | { readonly text: null; readonly words: string };

/** Decodes `Attachment.data` (base64) when its content type says that it is text in UTF-8; every character is kept. */
export function attachmentText(data: string, contentType: string | undefined): AttachmentText {
  const bytes = bytesOf(data);
  if (bytes === undefined) return { text: null, words: `not valid base64: ${data}` };
  const size = `${bytes.length} bytes of ${contentType ?? 'no stated format'}`;
  const charset = CHARSET.exec(contentType ?? '')?.[1]?.toLowerCase();
  if (!TEXTUAL.test(contentType ?? '')) return { text: null, words: `${size}, not text` };
  if (charset !== undefined && !READABLE_CHARSETS.has(charset)) return { text: null, words: `${size}, not shown as text` };
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) };
  } catch {
    return { text: null, words: `${size}, not valid UTF-8` };
  }
}

function bytesOf(data: string): Uint8Array | undefined {
  let binary: string;
  try {
    binary = atob(data);
  } catch {
    return undefined;
  }
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < binary.length; at += 1) bytes[at] = binary.charCodeAt(at);
  return bytes;
}

const OWN = /^<div xmlns="http:\/\/www\.w3\.org\/1999\/xhtml"><pre>([^<]*)<\/pre><\/div>$/;
const MARKUP = /<!--[\s\S]*?-->|<(\/?)([A-Za-z][A-Za-z0-9]*)(\s[^<>]*?)?\/?>/g;
const BLOCKS = new Set([
  'div',
  'p',
  'br',
  'hr',
  'li',
  'ul',
  'ol',
  'table',
  'tr',
  'pre',
  'blockquote',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'dt',
  'dd',
]);
const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", nbsp: '\u00a0' };

/**
 * A narrative's XHTML as text (R4, https://hl7.org/fhir/R4/narrative.html). `exact`: the text says all there is; if not
 * (attributes, comments, images), the markup itself has to be shown beside it.
 */
export function narrativeText(div: string): { readonly text: string; readonly exact: boolean } {
  const own = OWN.exec(div)?.[1];
  if (own !== undefined) return { text: unescapeXml(own), exact: true };
  let exact = true;
  const text = div.replace(
    MARKUP,
    (_markup, _close: string | undefined, name: string | undefined, attributes: string | undefined) => {
      if (name === undefined || (attributes !== undefined && !isPlain(attributes))) exact = false;
      const tag = name?.toLowerCase() ?? '';
      return BLOCKS.has(tag) ? '\n' : tag === 'td' || tag === 'th' ? ' ' : '';
    },
  );
  if (text.includes('<')) exact = false;
  return {
    text: unescapeXml(text)
      .replace(/\n{3,}/g, '\n\n')
      .trim(),
    exact,
  };
}

function isPlain(attributes: string): boolean {
  const words = attributes.trim();
  return words === '' || words === '/' || words === 'xmlns="http://www.w3.org/1999/xhtml"';
}

function unescapeXml(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|([a-z]+));/g,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (name !== undefined) return Object.hasOwn(ENTITIES, name) ? (ENTITIES[name] ?? whole) : whole;
      const point = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return point > 0 && point <= 0x10ffff ? String.fromCodePoint(point).toWellFormed() : whole;
    },
  );
}
