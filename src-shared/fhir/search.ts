/**
 * Search values as R4 wants them written (https://hl7.org/fhir/R4/search.html#escaping): a value that holds a separator
 * must match itself, never become two values.
 */
export function escapeSearchValue(value: string): string {
  return value.replace(/[\\$,|]/g, (character) => `\\${character}`);
}

/** `system|value` for a token parameter, escaped but not yet encoded for an address. */
export function tokenValue(system: string, value: string): string {
  return `${escapeSearchValue(system)}|${escapeSearchValue(value)}`;
}

/** Parameters joined and encoded, in the order given. */
export function searchQuery(parameters: readonly (readonly [name: string, value: string])[]): string {
  return parameters.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&');
}

// URL parsers encode the apostrophe in a query, which encodeURIComponent leaves: without this, self links would differ.
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll("'", '%27');
}

/**
 * True when a search result's self link repeats the token parameter: the server's own word for what it searched by
 * (https://hl7.org/fhir/R4/search.html#conformance). `self` may be absolute or relative.
 */
export function selfLinkRepeats(self: string, name: string, system: string, value: string): boolean {
  const queryAt = self.indexOf('?');
  if (queryAt < 0) return false;
  const used = new URLSearchParams(self.slice(queryAt + 1)).getAll(name);
  return used.some((one) => one === tokenValue(system, value) || one === `${system}|${value}`);
}
