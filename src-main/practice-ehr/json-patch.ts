import type { ExactObject, ExactValue } from '../../src-shared/fhir/index.ts';
import { Decimal, asArray, asObject, asString } from '../../src-shared/fhir/index.ts';
import { refusal } from './outcome.ts';

/**
 * JSON Patch (RFC 6902) over exact values, so that a patched resource keeps the text of its decimals.
 *
 * Throws a Refusal: 400 when the document is not a JSON Patch, 422 when it cannot be applied (a path that is not there, a
 * `test` that fails). All operations are applied, or none.
 */
export function applyJsonPatch(target: ExactValue, patch: ExactValue): ExactValue {
  if (!Array.isArray(patch)) throw refusal(400, 'structure', 'a JSON Patch is a list of operations');
  return asArray(patch).reduce((value, operation, index) => applyOne(value, asObject(operation), index), target);
}

function applyOne(target: ExactValue, operation: ExactObject | undefined, index: number): ExactValue {
  const op = asString(operation?.['op']);
  const path = pointer(operation?.['path'], index, 'path');
  switch (op) {
    case 'add':
      return add(target, path, given(operation, index), index);
    case 'remove':
      return remove(target, path, index);
    case 'replace':
      return replace(target, path, given(operation, index), index);
    case 'move': {
      const from = pointer(operation?.['from'], index, 'from');
      if (path.length > from.length && from.every((part, at) => part === path[at]))
        fail(index, 'a value cannot be moved into itself');
      return add(remove(target, from, index), path, valueAt(target, from, index), index);
    }
    case 'copy':
      return add(target, path, valueAt(target, pointer(operation?.['from'], index, 'from'), index), index);
    case 'test':
      if (!sameValue(valueAt(target, path, index), given(operation, index))) fail(index, 'the test does not hold');
      return target;
    case undefined:
    default:
      throw refusal(400, 'structure', `operation ${index}: "${op ?? ''}" is not a JSON Patch operation`);
  }
}

function given(operation: ExactObject | undefined, index: number): ExactValue {
  const value = operation?.['value'];
  if (value === undefined) throw refusal(400, 'structure', `operation ${index}: the value is missing`);
  return value;
}

/** The parts of a JSON Pointer (RFC 6901). */
function pointer(value: ExactValue | undefined, index: number, name: string): string[] {
  const text = asString(value);
  if (text === undefined || (text !== '' && !text.startsWith('/')) || /~(?![01])/.test(text)) {
    throw refusal(400, 'structure', `operation ${index}: "${name}" must be a JSON Pointer`);
  }
  return text
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function fail(index: number, why: string): never {
  throw refusal(422, 'processing', `operation ${index} of the patch cannot be applied: ${why}`);
}

function valueAt(target: ExactValue, path: readonly string[], index: number): ExactValue {
  let value: ExactValue | undefined = target;
  for (const part of path) value = childOf(value, part);
  if (value === undefined) fail(index, `there is nothing at /${path.join('/')}`);
  return value;
}

function childOf(value: ExactValue | undefined, part: string): ExactValue | undefined {
  if (Array.isArray(value)) return position(part) === undefined ? undefined : asArray(value)[Number(part)];
  const object = asObject(value);
  return object !== undefined && Object.hasOwn(object, part) ? object[part] : undefined;
}

function position(part: string): number | undefined {
  return /^(?:0|[1-9][0-9]*)$/.test(part) ? Number(part) : undefined;
}

/** Rebuilds the containers on the way to the last part of the path and lets `change` edit the innermost one. */
function edit(
  target: ExactValue,
  path: readonly string[],
  index: number,
  change: (container: ExactValue, last: string) => ExactValue,
): ExactValue {
  const [part, ...rest] = path;
  if (part === undefined) fail(index, 'the whole resource cannot be removed or replaced');
  if (rest.length === 0) return change(target, part);
  const child = childOf(target, part);
  if (child === undefined) fail(index, `there is nothing at "${part}"`);
  const next = edit(child, rest, index, change);
  if (Array.isArray(target)) return asArray(target).with(Number(part), next);
  return { ...asObject(target), [part]: next };
}

function add(target: ExactValue, path: readonly string[], value: ExactValue, index: number): ExactValue {
  return edit(target, path, index, (container, last) => {
    if (Array.isArray(container)) {
      const list = asArray(container);
      const at = last === '-' ? list.length : position(last);
      if (at === undefined || at > list.length) fail(index, `"${last}" is not a place in this list`);
      return list.toSpliced(at, 0, value);
    }
    const object = asObject(container);
    if (object === undefined) fail(index, `"${last}" has no object or list to stand in`);
    if (FORBIDDEN.has(last)) fail(index, `the member name "${last}" is not allowed`);
    return { ...object, [last]: value };
  });
}

// As in the strict reader: names that change an object's nature.
const FORBIDDEN = new Set(['__proto__', 'constructor', 'prototype']);

function remove(target: ExactValue, path: readonly string[], index: number): ExactValue {
  valueAt(target, path, index);
  return edit(target, path, index, (container, last) => {
    if (Array.isArray(container)) return asArray(container).toSpliced(Number(last), 1);
    const copy: Record<string, ExactValue | undefined> = { ...asObject(container) };
    delete copy[last];
    return copy;
  });
}

function replace(target: ExactValue, path: readonly string[], value: ExactValue, index: number): ExactValue {
  valueAt(target, path, index);
  return edit(target, path, index, (container, last) =>
    Array.isArray(container) ? asArray(container).with(Number(last), value) : { ...asObject(container), [last]: value },
  );
}

/** Equality as RFC 6902 (4.6) has it: numbers by their number, objects without regard to order. */
function sameValue(left: ExactValue, right: ExactValue): boolean {
  if (left instanceof Decimal || right instanceof Decimal) {
    return left instanceof Decimal && right instanceof Decimal && left.equalsNumerically(right);
  }
  if (Array.isArray(left) || Array.isArray(right)) {
    const [one, other] = [asArray(left), asArray(right)];
    return (
      Array.isArray(left) &&
      Array.isArray(right) &&
      one.length === other.length &&
      one.every((item, at) => {
        const counterpart = other[at];
        return counterpart !== undefined && sameValue(item, counterpart);
      })
    );
  }
  const [one, other] = [asObject(left), asObject(right)];
  if (one === undefined || other === undefined) return left === right;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => {
      const [a, b] = [one[name], other[name]];
      return a !== undefined && b !== undefined && sameValue(a, b);
    })
  );
}
