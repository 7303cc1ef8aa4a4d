export { calendarWait, capsOf, timeZoneOf } from './caps.ts';
export type { CalendarWait, Cap, Resting, SendsRow } from './caps.ts';
export { weekdays, windowFault, windowOpenAt, windowWords } from './windows.ts';
export type { MaintenanceWindow, Weekday } from './windows.ts';
export { isTimeZone, localWords } from './zone.ts';
