import { Button } from '@mantine/core';
import { Link } from 'wouter';
import type { Attention } from '../../../src-shared/contract/index.ts';
import { Age, RiskBadge, SafeText, StateBadge, visibleString } from '../../components/index.ts';
import { useMay } from '../../stores/index.ts';
import { attentionAddress, attentionVerb, manyWords } from './today-words.ts';
import classes from './today.module.css';

function Row(props: { readonly attention: Attention }) {
  const { attention } = props;
  const mayApprove = useMay('write.approve');
  const { only, state, code } = attention;
  const heading = only === null ? manyWords(attention) : only.title;
  return (
    <li className={classes.attention}>
      <span className={classes.badges}>
        <StateBadge state={state} verification={state === 'committed' ? 'partial' : null} code={code} />
        {attention.tier === 'low' || attention.tier === 'medium' ? null : <RiskBadge tier={attention.tier} long />}
      </span>
      <div className={classes.what}>
        <p>
          <strong>
            <SafeText text={heading} />
          </strong>
          {only?.patient === null || only === null ? null : (
            <>
              {' '}
              for <SafeText text={only.patient} />
            </>
          )}
        </p>
        <p className="muted small">
          <SafeText text={`${attention.words} ${attention.next}`} />
          {attention.oldestAt === null ? null : (
            <>
              {' '}
              <span className={classes.age}>
                · {only === null ? 'oldest ' : ''}
                <Age at={attention.oldestAt} />
              </span>
            </>
          )}
        </p>
      </div>
      <Button
        component={Link}
        href={attentionAddress(attention, mayApprove)}
        aria-label={`${attentionVerb(attention, mayApprove)}: ${visibleString(heading)}`}
      >
        {attentionVerb(attention, mayApprove)}
      </Button>
    </li>
  );
}

/** What waits for a person, in the order of danger to patients. */
export function AttentionList(props: { readonly needs: readonly Attention[] }) {
  return (
    <ol>
      {props.needs.map((attention) => (
        <Row key={`${attention.state} ${attention.code ?? ''} ${attention.tier}`} attention={attention} />
      ))}
    </ol>
  );
}
