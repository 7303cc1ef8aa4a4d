import type { WriteDetail } from '../../../src-shared/contract/index.ts';
import { withholdingRules } from '../../../src-shared/domain/index.ts';
import { SafeText } from '../../components/index.ts';
import classes from './parts.module.css';

/** What of the event does not leave, or leaves as something else: one line for each rule. */
export function WithheldParts(props: { readonly withheld: WriteDetail['withheld'] }) {
  const rules = [...new Set(props.withheld.map(({ rule }) => rule))];
  if (rules.length === 0) return null;
  return (
    <section className={classes.part}>
      <h3>Not sent, or replaced</h3>
      <ul>
        {rules.map((rule) => (
          <li key={rule}>
            {withholdingRules[rule]}{' '}
            <SafeText
              text={props.withheld
                .filter((one) => one.rule === rule)
                .map(({ path, by }) => (by === null ? path : `${path}: ${by}`))
                .join(', ')}
            />
          </li>
        ))}
      </ul>
    </section>
  );
}
