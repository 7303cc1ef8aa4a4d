/** Epoch milliseconds of a FHIR `instant`, or of the first moment of a `dateTime` of lower precision. */
export function epochMs(text: string): number {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new RangeError(`not a point in time: ${JSON.stringify(text)}`);
  return ms;
}
