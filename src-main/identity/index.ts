export { createSecret, hashSecret, verifySecret } from './secrets.ts';
export type { VerifierParameters } from './secrets.ts';
export { signIn } from './sign-in.ts';
export type { Session, SignIn, SignInRefusal } from './sign-in.ts';
