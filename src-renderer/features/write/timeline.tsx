import type { WriteDetail } from '../../../src-shared/contract/index.ts';
import { At, entryWords, SafeText } from '../../components/index.ts';
import classes from './timeline.module.css';

const moments = [
  ['event', 'Happened'],
  ['ingestion', 'Taken in'],
  ['approval', 'Approved'],
  ['writeBack', 'Charted'],
] as const;

/** What the log holds about a write: its four times, then every entry with who, when, and its place in the log. */
export function Timeline(props: { readonly write: WriteDetail }) {
  const { write } = props;
  return (
    <section className={classes.panel} aria-label="Timeline" tabIndex={0}>
      <h2 className="unseen">Timeline</h2>
      <dl className={classes.times}>
        {moments.map(([name, label]) => {
          const at = write.times[name];
          return (
            <div key={name}>
              <dt>{label}</dt>
              <dd>{at === null ? <span className="muted">not yet</span> : <At at={at} />}</dd>
            </div>
          );
        })}
      </dl>
      <h3>Timeline</h3>
      <ol className={classes.entries}>
        {write.timeline.map((entry) => {
          const { title, after, tone } = entryWords(entry);
          return (
            <li key={`${entry.tenant} ${entry.seq}`} data-tone={tone}>
              <p>
                <strong>
                  <At at={entry.at} />
                </strong>{' '}
                {title}
                {after !== null && <span className="muted">: {after}</span>}
              </p>
              {entry.note !== null && (
                <p>
                  “<SafeText text={entry.note} />”
                </p>
              )}
              {entry.erased && <p className="muted">Its content has been erased; that it was there stays proved.</p>}
              <p className="small muted">
                <SafeText text={actorWords(entry.actor)} /> ·{' '}
                <span title={`leaf ${entry.leafHash}`}>
                  entry {entry.seq.toLocaleString()} of <SafeText text={entry.tenant} />
                </span>
              </p>
            </li>
          );
        })}
      </ol>
      <p className="small muted">
        {write.attempts === 0
          ? 'Nothing has left for the EHR yet.'
          : `Bytes have left for the EHR ${write.attempts === 1 ? 'once' : `${write.attempts.toLocaleString()} times`}.`}
      </p>
    </section>
  );
}

function actorWords(actor: { readonly kind: string; readonly id: string; readonly role: string | null }): string {
  // Which run of the engine it was is in the log; here it would only be noise.
  if (actor.kind === 'engine') return 'the engine';
  return actor.role === null ? `${actor.kind} ${actor.id}` : `${actor.id}, ${actor.role.replaceAll('-', ' ')}`;
}
