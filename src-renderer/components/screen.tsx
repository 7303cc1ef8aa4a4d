import { type ReactNode, useEffect, useRef } from 'react';
import classes from './panel.module.css';

/** What the window's title may say: these words and no others, so that it never carries anything clinical. */
export type WindowTitle =
  'Today' | 'Queue' | 'Write' | 'Approvals' | 'Connections' | 'Sign in' | 'Locked' | 'Not found' | 'Starting';

/** Names the window after its screen. */
export function useWindowTitle(title: WindowTitle): void {
  useEffect(() => {
    document.title = `${title} – Countersign`;
  }, [title]);
}

/**
 * One screen: its only h1, what stands beside it, and its content. Takes the focus to its heading when it appears, so
 * that reading starts there.
 *
 * `fill`: exactly as high as the window, for screens whose parts scroll by themselves.
 */
export function Screen(props: {
  readonly windowTitle: WindowTitle;
  readonly title: ReactNode;
  /** In quiet letters beside the title. */
  readonly note?: ReactNode;
  /** At the right end of the title's line. */
  readonly aside?: ReactNode;
  readonly fill?: boolean;
  readonly children: ReactNode;
}) {
  const heading = useRef<HTMLHeadingElement>(null);
  useWindowTitle(props.windowTitle);
  useEffect(() => {
    heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <div className={`${classes.screen ?? ''} ${props.fill === true ? (classes.fill ?? '') : ''}`}>
      <div className={classes.top}>
        <h1 ref={heading} tabIndex={-1}>
          {props.title}
        </h1>
        {props.note === undefined ? null : <span className="muted">{props.note}</span>}
        {props.aside === undefined ? null : <div className={classes.aside}>{props.aside}</div>}
      </div>
      {props.children}
    </div>
  );
}
