/**
 * The records of a JSON document, as the characters they stand in: the document itself, or the members of its list.
 * Only brackets and strings are followed; whether each part is valid JSON is decided where it is read, so that one bad
 * record in a list is refused alone.
 */
export function* splitDocument(text: string): Iterable<{ readonly line: number; readonly text: string }> {
  const first = text.search(/\S/);
  if (first === -1) return;
  if (text[first] !== '[') {
    yield { line: lineAt(text, first), text: text.slice(first).trimEnd() };
    return;
  }
  let depth = 0;
  let start = first + 1;
  let line = lineAt(text, first);
  let ended = false;
  for (let at = first; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === OPEN_LIST || code === OPEN_OBJECT) depth += 1;
    else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth -= 1;
    if (depth === 0 && code !== CLOSE_LIST) break;
    const ends = (depth === 1 && code === COMMA) || depth === 0;
    if (!ends) continue;
    const part = text.slice(start, at);
    const lead = part.search(/\S/);
    if (lead !== -1) yield { line: line + newlines(part.slice(0, lead)), text: part.trim() };
    // Two commas with nothing between them: what stood there is lost, and that is not passed over.
    else if (code === COMMA || start !== first + 1) yield { line, text: text.slice(start - 1, at + 1) };
    line += newlines(part);
    start = at + 1;
    if (depth === 0) {
      ended = true;
      break;
    }
  }
  // What stands after the list, or a list that never ends, is handed on with the sign before it, so that it is refused
  // where it is read: a list cut off after a whole record must not pass for a whole list.
  if (!ended || text.slice(start).trim() !== '') yield { line, text: text.slice(start - 1).trimEnd() };
}

function endOfString(text: string, from: number): number {
  for (let at = from + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === BACKSLASH) at += 1;
    else if (code === QUOTE) return at;
  }
  return text.length;
}

function newlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

function lineAt(text: string, at: number): number {
  return 1 + newlines(text.slice(0, at));
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
