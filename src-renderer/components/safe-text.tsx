import classes from './safe-text.module.css';
import { shortened, visibleParts, visibleString } from './visible-text.ts';

const ONE_LINE_CHARS = 400;
const TITLE_CHARS = 1_000;

/**
 * Text from outside: shown as it is, with a mark for each character that could not be seen, kept from turning the text
 * around it, and never wider than its place.
 *
 * `line`: one line, cut with dots, the whole in the title. `flow` (default): wraps as one paragraph. `lines`: keeps line
 * breaks and spaces.
 */
export function SafeText(props: { readonly text: string; readonly as?: 'line' | 'flow' | 'lines'; readonly className?: string }) {
  const { text, as = 'flow' } = props;
  const shown = as === 'line' && text.length > ONE_LINE_CHARS ? shortened(text, ONE_LINE_CHARS) : text;
  const shape = as === 'line' ? classes.one : as === 'lines' ? classes.lines : '';
  return (
    <bdi
      className={`${classes.text ?? ''} ${shape ?? ''} ${props.className ?? ''}`}
      dir="auto"
      title={as === 'line' ? visibleString(shortened(text, TITLE_CHARS)) : undefined}
    >
      {visibleParts(shown).map((part, index) =>
        part.kind === 'text' ? (
          part.text
        ) : (
          <span key={index} className={classes.mark} title={part.title}>
            {part.label}
          </span>
        ),
      )}
    </bdi>
  );
}
