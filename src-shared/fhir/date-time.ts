/**
 * FHIR `date`, `dateTime` and `instant` as texts (R4, https://hl7.org/fhir/R4/datatypes.html#dateTime): compared and
 * completed without a clock and without losing a digit of the fraction.
 */
const WITH_TIME = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?(Z|[+-]\d{2}:\d{2})$/;

/**
 * True when both texts name the same moment: `2026-03-02T09:14:00Z` and `2026-03-02T10:14:00.000+01:00`. Two texts of
 * which one has no time of day are the same only when they are the same characters: a day is not a moment.
 */
export function sameInstant(left: string, right: string): boolean {
  if (left === right) return true;
  const first = moment(left);
  if (first === undefined) return false;
  const second = moment(right);
  return second !== undefined && first.seconds === second.seconds && first.fraction === second.fraction;
}

/** The text with seconds, which R4 demands where a time of day is given: `T09:14Z` becomes `T09:14:00Z`. */
export function withSeconds(text: string): string {
  return text.replace(/(T\d{2}:\d{2})(Z|[+-])/, '$1:00$2');
}

function moment(text: string): { readonly seconds: number; readonly fraction: string } | undefined {
  const match = WITH_TIME.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second = '0', fraction = '', zone = 'Z'] = match;
  // Shifted by one Gregorian cycle, because Date.UTC reads the years 0 to 99 as 1900 to 1999.
  const utc = Date.UTC(Number(year) + 400, Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)) / 1000;
  return { seconds: utc - zoneSeconds(zone), fraction: fraction.replace(/0+$/, '') };
}

function zoneSeconds(zone: string): number {
  if (zone === 'Z') return 0;
  const seconds = Number(zone.slice(1, 3)) * 3600 + Number(zone.slice(4, 6)) * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}
