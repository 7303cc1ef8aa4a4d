import { CommandFailure, type ConsoleIo } from './console-io.ts';
import { compose, type Composition } from './engine.ts';
import { openWorkspace, passphraseOf, type OpenWorkspaceOptions, type Workspace } from './workspace.ts';
import { signIn } from '../identity/index.ts';
import type { LedgerLoss } from '../ledger/index.ts';
import { mayAct, type Act, type Actor, type Person } from '../../src-shared/domain/index.ts';

/** Options that every command has. */
export interface GlobalOptions {
  readonly workspace: string;
  readonly json: boolean;
  readonly as: string | undefined;
  readonly passphraseFile: string | undefined;
}

/** What a command is given: where to speak, with which options and environment, and how it is told to stop. */
export interface CommandContext {
  readonly io: ConsoleIo;
  readonly options: GlobalOptions;
  readonly env: NodeJS.ProcessEnv;
  readonly stdin: NodeJS.ReadStream;
  readonly signal: AbortSignal;
}

export interface Session extends Composition {
  /** Who acts; what the log says. */
  readonly actor: Actor;
}

export interface PersonSession extends Session {
  readonly person: Person;
}

const ADMINISTRATOR = 'admin';

/** Opens the workspace for a person's act: signed in with their own secret, in a role that may do it (G3). */
export async function withPerson(
  context: CommandContext,
  act: Act,
  use: (session: PersonSession) => Promise<number>,
): Promise<number> {
  return withWorkspace(context, async (composition) => {
    const person = await signInPerson(context, composition, act);
    return use({ ...composition, person, actor: actorOf(person, act) });
  });
}

/** As `withPerson`, for a ledger that lost its end; `use` is given what was lost, `null` when nothing was. */
export async function withPersonAfterLoss(
  context: CommandContext,
  act: Act,
  use: (session: PersonSession, loss: LedgerLoss | null) => Promise<number>,
): Promise<number> {
  return withWorkspace(
    context,
    async (composition, { loss }) => {
      const person = await signInPerson(context, composition, act);
      return use({ ...composition, person, actor: actorOf(person, act) }, loss ?? null);
    },
    { acceptLoss: true },
  );
}

/**
 * Opens the workspace for a job that may run without a person (K3): who holds the passphrase may have records taken in,
 * the engine run, and the log checked. A person who is named is signed in all the same.
 */
export async function withService(
  context: CommandContext,
  act: Act,
  use: (session: Session) => Promise<number>,
): Promise<number> {
  return withWorkspace(context, async (composition) => {
    const named = context.options.as !== undefined || nonEmpty(context.env.COUNTERSIGN_USER_SECRET);
    const actor: Actor = named
      ? actorOf(await signInPerson(context, composition, act), act)
      : { kind: 'system', id: 'command-line' };
    return use({ ...composition, actor });
  });
}

async function withWorkspace(
  context: CommandContext,
  use: (composition: Composition, workspace: Workspace) => Promise<number>,
  options: OpenWorkspaceOptions = {},
): Promise<number> {
  const passphrase = passphraseOf({ env: context.env, passphraseFile: context.options.passphraseFile });
  const workspace = await openWorkspace(context.options.workspace, passphrase, options);
  const composition = compose(workspace);
  try {
    return await use(composition, workspace);
  } finally {
    await composition.close();
  }
}

async function signInPerson(context: CommandContext, composition: Composition, act: Act): Promise<Person> {
  const id = context.options.as ?? ADMINISTRATOR;
  const secret = context.env.COUNTERSIGN_USER_SECRET;
  if (secret === undefined || secret === '') {
    throw new CommandFailure(
      2,
      'secret-missing',
      `Set COUNTERSIGN_USER_SECRET to the secret of "${id}": nobody acts as somebody else.`,
    );
  }
  const signedIn = await signIn(composition.deps.ledger, id, secret);
  if (!signedIn.ok) throw new CommandFailure(1, signedIn.code, signedIn.message);
  const { person } = signedIn.session;
  if (!mayAct(person, act)) {
    throw new CommandFailure(
      1,
      'role-forbids',
      `"${person.id}" (${person.roles.join(', ')}) may not do this. Act as someone else with --as.`,
    );
  }
  return person;
}

/**
 * Step-up on the command line (G4): the secret given once more, in COUNTERSIGN_STEP_UP, for this one command. The secret of
 * the command itself may stand in a shell for hours. A wrong one is refused, also where none is asked for.
 *
 * @returns true when it was given, and is that of the person
 */
export async function steppedUp(context: CommandContext, session: PersonSession): Promise<boolean> {
  const again = context.env.COUNTERSIGN_STEP_UP;
  if (again === undefined || again === '') return false;
  const given = await signIn(session.deps.ledger, session.person.id, again);
  if (!given.ok) throw new CommandFailure(1, 'step-up-needed', 'COUNTERSIGN_STEP_UP is not your secret. Nothing was changed.');
  return true;
}

function actorOf(person: Person, act: Act): Actor {
  const role = person.roles.find((one) => mayAct({ roles: [one] }, act)) ?? person.roles[0] ?? 'operator';
  return { kind: 'person', id: person.id, role };
}

function nonEmpty(text: string | undefined): boolean {
  return text !== undefined && text !== '';
}
