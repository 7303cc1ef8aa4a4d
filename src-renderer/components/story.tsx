import type { WriteViewModel } from '../../src-shared/contract/index.ts';
import { SafeText } from './safe-text.tsx';
import { stateWords } from './state-words.ts';
import classes from './story.module.css';

/** What happened, whether the chart changed, what can be done: one sentence each, on the colour of the state. */
export function Story(props: { readonly view: WriteViewModel }) {
  const { story, write } = props.view;
  const { tone } = stateWords(write.state, write.verification, write.code);
  return (
    <div className={classes.story} data-tone={tone}>
      <p>
        <strong>
          <SafeText text={story.happened} />
        </strong>
      </p>
      <p>
        <SafeText text={story.chart} />
      </p>
      <p>
        <SafeText text={story.next} />
      </p>
    </div>
  );
}

/** Who the write is about, in one line; `nameless` where the name stands just above. */
export function SubjectLine(props: { readonly view: WriteViewModel; readonly masked?: boolean; readonly nameless?: boolean }) {
  const { subject } = props.view;
  if (subject === null) return <span className="muted">The patient’s record has been erased.</span>;
  if (props.masked === true) return <span className="muted">Names are hidden (privacy).</span>;
  const parts = [
    props.nameless === true ? null : subject.name,
    subject.birthDate === null ? null : `born ${subject.birthDate}`,
    subject.gender,
    ...subject.identifiers,
    subject.visit === null ? null : `visit ${subject.visit}`,
    subject.practitioner,
  ];
  return <SafeText text={parts.filter((part) => part !== null && part !== '').join(' · ')} />;
}
