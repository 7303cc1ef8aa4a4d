import type { WriteSummary } from '../../src-shared/contract/index.ts';
import type { RiskTier } from '../../src-shared/domain/index.ts';
import classes from './badges.module.css';
import { stateWords, type StateName, type Tone } from './state-words.ts';

/** A word with a sign on a soft ground. The sign is for the eye; the word says the same. */
export function Badge(props: {
  readonly tone: Tone | 'accent';
  readonly sign?: string | undefined;
  readonly word: string;
  readonly title?: string | undefined;
}) {
  return (
    <span className={classes.badge} data-tone={props.tone} title={props.title ?? props.word}>
      {props.sign === undefined ? null : (
        <span className={classes.sign} aria-hidden="true">
          {props.sign}
        </span>
      )}
      <span className={classes.word}>{props.word}</span>
    </span>
  );
}

/** The state of a write, the same everywhere. */
export function StateBadge(props: {
  readonly state: StateName;
  readonly verification?: WriteSummary['verification'];
  readonly code?: WriteSummary['code'];
}) {
  const { sign, word, tone, meaning } = stateWords(props.state, props.verification ?? null, props.code ?? null);
  return <Badge tone={tone} sign={sign} word={word} title={`${word}: ${meaning}`} />;
}

const risks = {
  low: { tone: 'plain', sign: undefined },
  medium: { tone: 'plain', sign: undefined },
  high: { tone: 'bad', sign: '▲' },
  blocked: { tone: 'bad', sign: '■' },
} as const satisfies Record<RiskTier, { tone: Tone; sign: string | undefined }>;

/** How much harm a wrong write could do. */
export function RiskBadge(props: { readonly tier: RiskTier; readonly long?: boolean }) {
  const { tone, sign } = risks[props.tier];
  const word = props.long === true && props.tier !== 'blocked' ? `${props.tier} risk` : props.tier;
  return <Badge tone={tone} sign={sign} word={word} title={`How much harm a wrong write could do: ${props.tier}`} />;
}
