/**
 * Narrative XHTML (R4, narrative: txt-1 and txt-2): one `div` of formatting, links and pictures. Nothing that runs,
 * nothing that loads from elsewhere, so that showing a chart entry never does more than show it.
 */

const words = (text: string): ReadonlySet<string> => new Set(text.split(' '));

const ELEMENTS = words(
  'a abbr acronym address area b bdo big blockquote br caption cite code col colgroup dd dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i img kbd li map ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var',
);
const ATTRIBUTES = words(
  'abbr accesskey align alt axis border cellpadding cellspacing char charoff charset cite class colspan coords dir frame headers height href hreflang id lang longdesc name nohref rel rev rowspan rules scope shape src start style summary tabindex title type usemap valign width xml:lang xmlns',
);
const ADDRESSES = words('href src cite longdesc usemap');
const XHTML = 'http://www.w3.org/1999/xhtml';
/** Schemes that open something for a reader who clicks, and run nothing. Without a scheme, an address is relative; browsers read a backslash as a slash. */
const SAFE_LINK = /^(?![^]*\\)(?:https?:|mailto:|tel:|(?!\/\/)[^:/?#]*(?:[/?#]|$))/i;
const SAFE_PICTURE = /^(?![^]*\\)(?:data:image\/(?:png|jpeg|gif);base64,|(?!\/\/)[^:/?#]*(?:[/?#]|$))/i;
const UNSAFE_STYLE = /url\s*\(|expression\s*\(|@import|behavior\s*:|-moz-binding|\\/i;

const PIECE = /<!--[^]*?-->|<(\/?)([A-Za-z][\w:.-]*)((?:\s+[\w:.-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>|[^<]+/y;
const ATTRIBUTE = /([\w:.-]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/g;
/** XML knows five entities; HTML's `&nbsp;` and its kin are not among them (R4, narrative). */
const STRAY_AMPERSAND = /&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)/;

/** What is wrong with a narrative's `div`, in words; empty when nothing is. A text that is not XML gives one fault. */
export function narrativeFaults(div: string): readonly string[] {
  const faults = new Set<string>();
  const open: string[] = [];
  let shown = false;
  let ended = false;
  for (let at = 0; at < div.length; at = PIECE.lastIndex) {
    PIECE.lastIndex = at;
    const piece = PIECE.exec(div);
    if (piece === null) return [`is not well-formed XHTML from character ${String(at + 1)} on`];
    const [whole, closing, element, attributes = '', selfClosing] = piece;
    if (element === undefined) {
      const isText = !whole.startsWith('<!--');
      if (!isText && whole.indexOf('--', 4) < whole.length - 3) return ['is not well-formed XHTML: a comment must not hold "--"'];
      if (isText && STRAY_AMPERSAND.test(whole)) faults.add('has an "&" that is not one of the entities of XML');
      if (isText && whole.trim() !== '') {
        if (open.length === 0) return ['has text outside its div'];
        shown = true;
      }
      continue;
    }
    if (closing === '/') {
      if (open.pop() !== element || attributes !== '' || selfClosing !== '')
        return [`is not well-formed XHTML: "</${element}>" closes nothing`];
      ended = open.length === 0;
      continue;
    }
    if (ended || (open.length === 0 && element !== 'div')) return ['must be one single div'];
    if (open.length === 0 && !attributes.includes(XHTML)) faults.add(`must say xmlns="${XHTML}"`);
    if (!ELEMENTS.has(element)) faults.add(`uses <${element}>, which a narrative must not`);
    if (element === 'img') shown = true;
    for (const fault of attributeFaults(element, attributes)) faults.add(fault);
    if (selfClosing === '') open.push(element);
    else ended = open.length === 0;
  }
  if (open.length > 0) return [`is not well-formed XHTML: <${open.at(-1) ?? ''}> is never closed`];
  if (!shown) faults.add('shows nothing');
  return [...faults];
}

function attributeFaults(element: string, text: string): readonly string[] {
  const faults: string[] = [];
  const seen = new Set<string>();
  for (const [, name = '', double, single] of text.matchAll(ATTRIBUTE)) {
    const raw = double ?? single ?? '';
    if (seen.has(name)) faults.push(`is not well-formed XHTML: "${name}" stands twice in one tag`);
    seen.add(name);
    if (STRAY_AMPERSAND.test(raw)) faults.push('has an "&" that is not one of the entities of XML');
    const value = decode(raw);
    if (!ATTRIBUTES.has(name)) faults.push(`uses the attribute "${name}", which a narrative must not`);
    else if (name === 'xmlns' ? value !== XHTML : false) faults.push(`must say xmlns="${XHTML}"`);
    else if (name === 'style' && UNSAFE_STYLE.test(value)) faults.push('has a style that loads or runs something');
    else if (ADDRESSES.has(name) && !(element === 'img' && name === 'src' ? SAFE_PICTURE : SAFE_LINK).test(value)) {
      faults.push(`has an address in "${name}" that is not allowed in a narrative`);
    }
  }
  return faults;
}

const NAMED: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The characters an attribute stands for, white space left out as browsers do in addresses. */
function decode(raw: string): string {
  return raw
    .replace(
      /&(?:#x([0-9a-fA-F]{1,6})|#(\d{1,7})|(\w+));/g,
      (whole, hex: string | undefined, decimal: string | undefined, name: string | undefined) => {
        if (name !== undefined) return NAMED[name] ?? whole;
        const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
        return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
      },
    )
    .replace(/[\u0000-\u0020]/g, '');
}
