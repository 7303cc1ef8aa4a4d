/** Epoch milliseconds of a FHIR `instant`, or of the first moment of a `dateTime` of lower precision. */
export function epochMs(text: string): number {
  const ms = readEpochMs(text);
  if (ms === undefined) throw new RangeError(`not a point in time: ${JSON.stringify(text)}`);
  return ms;
}

/** As `epochMs`, for texts of somebody else's making: `undefined` when it cannot be read as a point in time. */
export function readEpochMs(text: string): number | undefined {
  // FHIR allows a leap second, `Date` knows none: it counts as the second that follows.
  const regular = text.replace(LEAP_SECOND, '$1:59');
  const ms = Date.parse(regular);
  if (Number.isNaN(ms)) return undefined;
  return regular === text ? ms : ms + 1000;
}

const LEAP_SECOND = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}):60/;
