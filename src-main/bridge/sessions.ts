import type { ConsoleUseCases } from '../ports/inbound/index.ts';
import type { Person } from '../../src-shared/domain/index.ts';
import { limits } from '../../src-shared/limits/index.ts';

/** One window, as the main process sees it: who is signed in at it, and whether it is locked. */
export class WindowSession {
  private readonly useCases: ConsoleUseCases;
  private readonly gate: SignInGate;
  private held: { person: Person; readonly signedInAt: number; activeAt: number; locked: boolean } | null = null;
  private calls: number[] = [];

  constructor(useCases: ConsoleUseCases, gate: SignInGate) {
    this.useCases = useCases;
    this.gate = gate;
  }

  /** The person, whether locked or not; `null`: nobody is signed in. */
  get holder(): { readonly person: Person; readonly locked: boolean } | null {
    return this.held;
  }

  /** How long ago the secret was given, milliseconds; endless when nobody is signed in. */
  get secretAgeMs(): number {
    return this.held === null ? Number.POSITIVE_INFINITY : this.useCases.clock.monotonic() - this.held.signedInAt;
  }

  async signIn(
    personId: string,
    secret: string,
  ): Promise<{ ok: true; person: Person } | { ok: false; code: string; message: string }> {
    const outcome = await this.gate.signIn(personId, secret);
    if (!outcome.ok) return outcome;
    const now = this.useCases.clock.monotonic();
    this.held = { person: outcome.person, signedInAt: now, activeAt: now, locked: false };
    return outcome;
  }

  /** Opens the lock for the person who locked; anyone else signs in anew. */
  async unlock(secret: string): Promise<{ ok: true; person: Person } | { ok: false; code: string; message: string }> {
    if (this.held === null) return { ok: false, code: 'not-signed-in', message: 'Nobody is signed in at this window' };
    return this.signIn(this.held.person.id, secret);
  }

  lock(): void {
    if (this.held !== null) this.held.locked = true;
  }

  signOut(): void {
    this.held = null;
  }

  /** The person has moved, typed or pointed: the idle lock waits its whole time again. */
  active(): void {
    if (this.held !== null && !this.held.locked) this.held.activeAt = this.useCases.clock.monotonic();
  }

  /**
   * Takes account of the time that has passed: locks after idleness, signs out after a working day.
   *
   * @returns what became of the session just now, if anything did
   */
  tick(): 'locked' | 'signed-out' | null {
    if (this.held === null) return null;
    const now = this.useCases.clock.monotonic();
    if (now - this.held.signedInAt >= limits.sessionMaxMs) {
      this.held = null;
      return 'signed-out';
    }
    if (this.held.locked || now - this.held.activeAt < limits.idleLockMs) return null;
    this.held.locked = true;
    return 'locked';
  }

  /** The person with the roles they have now: rights taken away count at once, not at the next sign-in. */
  async refreshed(): Promise<Person | undefined> {
    if (this.held === null) return undefined;
    const person = await this.useCases.person(this.held.person.id);
    // Signed out or taken over by somebody else while the row was read.
    if (this.held?.person.id !== person?.id) {
      if (person === undefined) this.held = null;
      return undefined;
    }
    if (person !== undefined && this.held !== null) this.held.person = person;
    return person;
  }

  /** Counts a call; false when this window has asked too often within the last second. */
  mayCall(): boolean {
    const now = this.useCases.clock.monotonic();
    this.calls = this.calls.filter((at) => now - at < 1000);
    if (this.calls.length >= limits.bridgeCallsPerSecondMax) return false;
    this.calls.push(now);
    return true;
  }
}

/** Slows down whoever guesses secrets, over all windows: after several wrong ones in a row, sign-in waits. */
export class SignInGate {
  private readonly useCases: Pick<ConsoleUseCases, 'signIn' | 'clock'>;
  private readonly wrong = new Map<string, { count: number; until: number }>();

  constructor(useCases: Pick<ConsoleUseCases, 'signIn' | 'clock'>) {
    this.useCases = useCases;
  }

  async signIn(person: string, secret: string): Promise<Awaited<ReturnType<ConsoleUseCases['signIn']>>> {
    const now = this.useCases.clock.monotonic();
    const before = this.wrong.get(person);
    if (before !== undefined && before.until > now) {
      const seconds = Math.ceil((before.until - now) / 1000);
      return { ok: false, code: 'sign-in-paused', message: `Too many wrong secrets. Try again in ${seconds} seconds` };
    }
    // Counted before the secret is checked, so that guesses sent side by side count as well.
    const count = (before?.count ?? 0) + 1;
    const until = count >= limits.wrongSecretsMax ? now + limits.signInPauseMs : 0;
    this.wrong.set(person, { count: until === 0 ? count : 0, until });
    const outcome = await this.useCases.signIn(person, secret);
    if (outcome.ok) this.wrong.delete(person);
    return outcome;
  }
}
