import { keyCaps } from './key-names.ts';

/** The keys of a shortcut, where it works. */
export function KeyHint(props: { readonly keys: string }) {
  return (
    <span aria-hidden="true">
      {keyCaps(props.keys).map((cap, index) => (
        <span key={cap}>
          {index === 0 ? '' : ' '}
          <kbd>{cap}</kbd>
        </span>
      ))}
    </span>
  );
}
