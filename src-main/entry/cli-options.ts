import { InvalidArgumentError } from 'commander';

/** Readers of option values that several groups of commands share. */

export function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is expected');
  return Number(text);
}

/** Several values, each given by itself: it may hold commas. */
export const collected = (value: string, before: string[] | undefined): string[] => [...(before ?? []), value];

/** Several values, given one by one or with commas between them. */
export const list = (value: string, before: string[] | undefined): string[] => [
  ...(before ?? []),
  ...value.split(',').map((one) => one.trim()),
];
