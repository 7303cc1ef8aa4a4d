/** What of a narrative goes into the text of a document. */
export interface NarrativeParts {
  readonly text?: string | undefined;
  readonly sections?: readonly { readonly title: string; readonly text: string }[] | undefined;
}

/**
 * The plain text of a document: free text first, then each section as its title, an empty line and its text, blocks
 * parted by an empty line. Every title and every text stands there character for character, in the order given.
 */
export function noteText(parts: NarrativeParts): string {
  const blocks = parts.text === undefined ? [] : [parts.text];
  for (const section of parts.sections ?? []) blocks.push(`${section.title}\n\n${section.text}`);
  return blocks.join('\n\n');
}

/**
 * Text as the XHTML of a narrative (R4, https://hl7.org/fhir/R4/narrative.html), white space and line ends kept, or
 * `undefined` when it holds a character that XML cannot carry: such a text must not be altered to fit.
 */
export function narrativeDiv(text: string): string | undefined {
  if (XML_CANNOT.test(text)) return undefined;
  const escaped = text.replace(/[&<>\r]/g, (character) => XML_ESCAPES[character] ?? character);
  return `<div xmlns="http://www.w3.org/1999/xhtml"><pre>${escaped}</pre></div>`;
}

// XML 1.0, section 2.2: control characters other than tab and the line ends, and two that are no characters.
const XML_CANNOT = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/;
// A bare carriage return would be read back as a line feed (XML 1.0, section 2.11).
const XML_ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '\r': '&#13;' };
