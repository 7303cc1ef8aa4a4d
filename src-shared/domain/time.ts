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

/** Epoch milliseconds of a date as HTTP writes it (RFC 9110, section 5.6.7); `null` when it is none. */
export function httpDateMs(text: string): number | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
