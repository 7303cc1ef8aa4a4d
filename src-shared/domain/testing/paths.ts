/** Places inside JSON values, for tests that try every place of an example. */

export type Path = readonly (string | number)[];

/** Every place in a value, the value itself first. */
export function* placesOf(value: unknown, at: Path = []): Iterable<readonly [path: Path, value: unknown]> {
  yield [at, value];
  if (value === null || typeof value !== 'object') return;
  const members: readonly (readonly [string | number, unknown])[] = Array.isArray(value)
    ? [...value.entries()]
    : Object.entries(value);
  for (const [key, member] of members) yield* placesOf(member, [...at, key]);
}

/** The value with another one at a place; `undefined` takes it away. */
export function withValue(value: unknown, path: Path, replacement: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return replacement;
  if (Array.isArray(value))
    return value.map((member: unknown, index) => (index === first ? withValue(member, rest, replacement) : member));
  const object = value as Readonly<Record<string, unknown>>;
  return { ...object, [first]: withValue(object[first], rest, replacement) };
}

/** A place without its list positions, `observations[].code.text`: the same for all items of a list. */
export function spell(path: Path): string {
  return path
    .map((step) => (typeof step === 'number' ? '[]' : `.${step}`))
    .join('')
    .replace(/^\./, '');
}

interface Schema {
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly $defs?: Readonly<Record<string, Schema>>;
}

/** Every place that a JSON Schema names, spelled as above; a schema inside itself is followed once. */
export function placesNamedBy(root: unknown): ReadonlySet<string> {
  const { $defs = {} } = root as Schema;
  const found = new Set<string>();
  const visit = (schema: Schema, at: Path, inside: readonly string[]): void => {
    if (schema.$ref !== undefined) {
      const name = schema.$ref.replace('#/$defs/', '');
      const definition = $defs[name];
      if (definition === undefined) throw new Error(`no definition "${name}"`);
      if (!inside.includes(name)) visit(definition, at, [...inside, name]);
    }
    for (const one of schema.anyOf ?? []) visit(one, at, inside);
    if (schema.items !== undefined) visit(schema.items, [...at, 0], inside);
    for (const [name, member] of Object.entries(schema.properties ?? {})) {
      found.add(spell([...at, name]));
      visit(member, [...at, name], inside);
    }
  };
  visit(root as Schema, [], []);
  return found;
}
