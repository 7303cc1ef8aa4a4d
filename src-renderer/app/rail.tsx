import { Link, useLocation } from 'wouter';
import type { Frame } from '../../src-shared/contract/index.ts';
import { KeyHint } from '../components/index.ts';
import { useMe } from '../stores/index.ts';
import classes from './frame.module.css';
import { Icon } from './icons.tsx';
import { isAt, placesFor } from './places.ts';

/** The screens, with what waits on each. */
export function Rail(props: { readonly counts: Frame['counts'] | null }) {
  const me = useMe();
  const [at] = useLocation();
  return (
    <nav className={classes.rail} aria-label="Screens">
      <ul>
        {placesFor(me).map((place) => {
          const counted = props.counts === null ? undefined : place.count?.(props.counts);
          return (
            <li key={place.path}>
              <Link href={place.path} aria-current={isAt(place, at) ? 'page' : undefined} title={place.name}>
                <Icon name={place.icon} />
                <span className={classes.word}>{place.name}</span>
                {counted === undefined || counted.count === 0 ? null : (
                  <span className={classes.count}>
                    <span aria-hidden="true">{counted.count.toLocaleString()}</span>
                    <span className="unseen">{`, ${counted.count.toLocaleString()} ${counted.of}`}</span>
                  </span>
                )}
              </Link>
            </li>
          );
        })}
      </ul>
      <p className={`${classes.foot ?? ''} muted small`}>
        <KeyHint keys="?" /> shows the keys
      </p>
    </nav>
  );
}
