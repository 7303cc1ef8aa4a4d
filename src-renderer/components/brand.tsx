import classes from './brand.module.css';

/** The mark and the name of the product. */
export function Brand(props: { readonly className?: string }) {
  return (
    <span className={`${classes.brand ?? ''} ${props.className ?? ''}`}>
      <svg viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">
        <rect width="18" height="18" rx="5" fill="var(--accent)" />
        <path
          d="M4.5 9.2l3 3 6-6.4"
          fill="none"
          stroke="var(--accent-ink)"
          strokeWidth="2"
          strokeLinecap="round"
          strokeLinejoin="round"
        />
      </svg>
      <span className={classes.name}>Countersign</span>
    </span>
  );
}
