import type { TranscriptSegment } from '../../src-shared/contract/index.ts';
import classes from './evidence.module.css';
import { SafeText } from './safe-text.tsx';

/** What was heard: the parts of the transcript that the source names as the ground for a write. */
export function Evidence(props: { readonly evidence: readonly TranscriptSegment[] }) {
  return (
    <ul className={classes.list}>
      {props.evidence.map((segment) => (
        <li key={segment.id} className="clinical">
          “<SafeText text={segment.text} />”{' '}
          <span className="small muted">
            <SafeText
              text={[segment.speaker, segment.start, segment.confidence === null ? null : `confidence ${segment.confidence}`]
                .filter((part) => part !== null)
                .join(', ')}
            />
          </span>
        </li>
      ))}
    </ul>
  );
}
