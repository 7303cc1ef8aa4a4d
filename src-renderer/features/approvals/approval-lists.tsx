import { Link } from 'wouter';
import type { QueueRow } from '../../../src-shared/contract/index.ts';
import { Age, KeyHint, RiskBadge, SafeText, StateBadge, writeAddress } from '../../components/index.ts';
import { usePrivacy } from '../../stores/index.ts';
import classes from './approvals.module.css';

/** What waits for this person, how much waits for others, and what became of the earlier ones. */
export function ApprovalLists(props: {
  readonly waiting: readonly QueueRow[];
  readonly others: number;
  readonly decided: readonly QueueRow[];
  readonly current: string | undefined;
  readonly addressOf: (id: string) => string;
}) {
  const { waiting, others, decided, current } = props;
  const { masked } = usePrivacy();
  return (
    <>
      {waiting.length > 0 && (
        <nav aria-label="Waiting for you">
          <h2 className={classes.listHead}>
            Waiting for you {waiting.length.toLocaleString()}
            <span>
              <KeyHint keys="j" /> <KeyHint keys="k" />
            </span>
          </h2>
          <ul>
            {waiting.map((row) => (
              <li key={row.id}>
                <Link
                  href={props.addressOf(row.id)}
                  className={classes.entry ?? ''}
                  aria-current={row.id === current ? 'true' : undefined}
                >
                  <span className={classes.entryTitle}>
                    <SafeText text={row.title} as="line" />
                  </span>
                  <span className={classes.entryLine}>
                    <SafeText text={masked ? 'name hidden' : (row.patient ?? 'erased')} as="line" />
                    <span className="muted">
                      <Age at={row.updatedAt} />
                    </span>
                    <RiskBadge tier={row.tier} />
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        </nav>
      )}
      {others > 0 && (
        <p className="small muted">
          {others.toLocaleString()} more {others === 1 ? 'waits' : 'wait'} for somebody else.
        </p>
      )}
      <section aria-label="What became of yours">
        <h2 className={classes.listHead}>What became of yours</h2>
        {decided.length === 0 ? (
          <p className="small muted">You have not decided on any write yet.</p>
        ) : (
          <ul>
            {decided.map((row) => (
              <li key={row.id}>
                <Link href={writeAddress(row.id)} className={classes.entry ?? ''}>
                  <span className={classes.entryTitle}>
                    <SafeText text={row.title} as="line" />
                  </span>
                  <span className={classes.entryLine}>
                    <StateBadge state={row.state} verification={row.verification} code={row.code} />
                    <span className="muted">
                      <Age at={row.updatedAt} />
                    </span>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </section>
    </>
  );
}
