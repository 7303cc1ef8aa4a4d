import type { WriteDetail } from '../../src-shared/contract/index.ts';
import classes from './exact-request.module.css';
import { ExactText } from './exact-text.tsx';
import { SafeText } from './safe-text.tsx';

/** A prepared request exactly as it leaves: method, path, header fields, body, and the hash that an approval is bound to. */
export function ExactRequest(props: { readonly request: NonNullable<WriteDetail['request']> }) {
  const { request } = props;
  const bytes = new TextEncoder().encode(request.body).length;
  return (
    <div className={classes.request}>
      <p className="mono">
        {request.method} <SafeText text={request.path} />
      </p>
      <HeaderList headers={request.headers} />
      <p className="small muted">
        {bytes.toLocaleString()} bytes · sha-256 of the whole request{' '}
        <span className={`mono ${classes.hash ?? ''}`}>{request.sha256}</span> · adapter <SafeText text={request.adapter} /> ·
        contract <SafeText text={request.contract} />
      </p>
      <ExactText text={request.body} label="the bytes to be sent" />
    </div>
  );
}

/** Header fields, one per line. */
export function HeaderList(props: { readonly headers: Readonly<Record<string, string>> }) {
  const entries = Object.entries(props.headers);
  if (entries.length === 0) return <p className="small muted">No header fields are recorded.</p>;
  return (
    <ul className={`mono ${classes.headers ?? ''}`} aria-label="Header fields">
      {entries.map(([name, value]) => (
        <li key={name}>
          <span className="muted">
            <SafeText text={name} />:
          </span>{' '}
          <SafeText text={value} />
        </li>
      ))}
    </ul>
  );
}
