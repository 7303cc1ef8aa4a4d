import { CommandFailure } from '../console-io.ts';
import type { CommandContext } from '../session.ts';
import { createWorkspace, passphraseOf, siteName, type Workspace } from '../workspace.ts';
import { fillPracticeWorkspace } from '../practice.ts';
import { register } from '../../engine/index.ts';
import { createSecret, hashSecret } from '../../identity/index.ts';
import { systemClock, systemRandom } from '../../platform/index.ts';
import { workspaceLog, type Actor, type Person } from '../../../src-shared/domain/index.ts';

const ADMINISTRATOR: Person = {
  id: 'admin',
  name: 'Administrator',
  // Sets up people, sources and connections, and keeps the queue moving. No clinical role: an administrator approves nothing.
  roles: ['integration-administrator', 'security-administrator', 'operations-lead'],
  npi: null,
  active: true,
};
const FOUNDER: Actor = { kind: 'system', id: 'init' };

/** `init`: a new workspace and its first administrator; with `--practice` also everything needed to try it out. */
export async function init(
  context: CommandContext,
  options: { readonly practice: boolean; readonly site?: string },
): Promise<number> {
  const { io, env } = context;
  const passphrase = passphraseOf({ env, passphraseFile: context.options.passphraseFile });
  const site = options.site ?? siteName();
  const given = env.COUNTERSIGN_USER_SECRET;
  const secret = given === undefined || given === '' ? createSecret() : given;
  const fill = async (begun: Workspace): Promise<void> => {
    await found(begun, site, await hashSecret(secret));
    if (options.practice) await fillPracticeWorkspace(context, begun, { [ADMINISTRATOR.id]: secret });
  };
  const workspace = await createWorkspace(context.options.workspace, passphrase, site, { fill });
  try {
    const output = {
      workspace: workspace.paths.folder,
      site,
      administrator: ADMINISTRATOR.id,
      secret: secret === given ? null : secret,
      practice: options.practice,
    };
    const words = [`Workspace created in ${workspace.paths.folder}. First administrator: ${ADMINISTRATOR.id}.`];
    if (output.secret !== null) words.push(`Secret of ${ADMINISTRATOR.id}, shown this once: ${output.secret}`);
    words.push('Next: register who sends ("source add") and where writes go ("connection add").');
    io.result('init', output, words.join('\n'));
    return 0;
  } finally {
    await workspace.close();
  }
}

async function found(workspace: Workspace, site: string, secretVerifier: string): Promise<void> {
  const at = systemClock.now();
  const created = await workspace.ledger.commit({
    tenant: workspaceLog,
    expected: [{ kind: 'workspace', key: 'workspace', version: 0 }],
    entries: [
      {
        type: 'workspace.created',
        stream: 'workspace',
        at,
        actor: FOUNDER,
        patientKey: null,
        correlation: systemRandom.id(),
        body: { site },
      },
    ],
  });
  if (!created.ok)
    throw new CommandFailure(3, 'workspace-exists', 'The workspace was created by someone else at the same moment.');
  await register({ ledger: workspace.ledger, clock: systemClock, random: systemRandom }).person(
    ADMINISTRATOR,
    secretVerifier,
    FOUNDER,
  );
}
