export { usePrivacy } from './privacy.ts';
export { useMay, useMe, useSession } from './session.ts';
export type { SessionState } from './session.ts';
