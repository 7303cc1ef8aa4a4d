import type { ReactNode } from 'react';
import { Brand, useWindowTitle } from '../../components/index.ts';
import classes from './door.module.css';

/** What stands before the frame: one card in an otherwise empty window. */
export function Door(props: {
  readonly windowTitle: 'Sign in' | 'Locked' | 'Starting';
  readonly title: string;
  readonly children: ReactNode;
}) {
  useWindowTitle(props.windowTitle);
  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <Brand />
        <h1>{props.title}</h1>
        {props.children}
      </div>
    </main>
  );
}
