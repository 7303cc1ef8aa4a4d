import { engineActor, type EngineDeps } from '../deps.ts';
import { contractRowFor } from '../policy/in-force.ts';
import { commitWithEarlier } from '../policy/supersede.ts';
import { preparedOf } from '../dispatch/prepared.ts';
import { writeEntry } from '../write-commit.ts';
import { readBack, readLater } from './read-back.ts';
import type { StateOf, WriteRow } from '../../../src-shared/domain/index.ts';

/** Reads back a committed write whose verification is still due. */
export async function verifyWrite(deps: EngineDeps, row: WriteRow): Promise<void> {
  if (row.state.name !== 'committed' || row.state.verification.result !== 'due') return;
  const gateway = await deps.gateways.open(row.connection);
  const { evidence, verification } = row.state;
  const back =
    'refused' in gateway
      ? readLater(verification.looks, deps.clock.now(), deps.random.fraction())
      : await readBack(
          gateway,
          await preparedOf(deps, row),
          await contractRowFor(deps, row),
          evidence.reference,
          verification.looks,
          deps.clock.now(),
          deps.random.fraction(),
        );
  const now = deps.clock.now();
  const actor = engineActor(deps);
  const state: StateOf<'committed'> = { ...row.state, verification: back.verification };
  const entry = writeEntry('write.verified', row, now, actor, { id: row.id, moves: [state], exchange: back.exchange });
  await commitWithEarlier(deps.ledger, row, entry, back.verification.result === 'verified' ? 'verified' : null, now, actor);
}
