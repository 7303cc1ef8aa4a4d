import { type ReactNode, useId } from 'react';
import classes from './panel.module.css';

/** A part of a screen with its own heading. `bare`: without space around its content, for tables. */
export function Panel(props: {
  readonly title: ReactNode;
  readonly aside?: ReactNode;
  readonly bare?: boolean;
  readonly className?: string;
  readonly children: ReactNode;
}) {
  const id = useId();
  return (
    <section className={`${classes.panel ?? ''} ${props.className ?? ''}`} aria-labelledby={id}>
      <div className={classes.head}>
        <h2 id={id}>{props.title}</h2>
        {props.aside}
      </div>
      <div className={`${classes.body ?? ''} ${props.bare === true ? (classes.bare ?? '') : ''}`}>{props.children}</div>
    </section>
  );
}
