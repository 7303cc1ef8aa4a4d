/** The signs of the rail, for when it is too narrow for words. */

const paths = {
  today:
    'M3 7h12M6 2v3M12 2v3M4.5 3.5h9A1.5 1.5 0 0 1 15 5v8.5a1.5 1.5 0 0 1-1.5 1.5h-9A1.5 1.5 0 0 1 3 13.5V5a1.5 1.5 0 0 1 1.5-1.5z',
  queue: 'M3 4.5h12M3 9h12M3 13.5h8',
  approvals: 'M3.5 9.5l3.5 3.5 7.5-8',
  connections: 'M7 5H5a4 4 0 0 0 0 8h2M11 5h2a4 4 0 0 1 0 8h-2M6.5 9h5',
} as const;

export type IconName = keyof typeof paths;

export function Icon(props: { readonly name: IconName }) {
  return (
    <svg viewBox="0 0 18 18" width="18" height="18" aria-hidden="true" fill="none" stroke="currentColor">
      <path d={paths[props.name]} strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
