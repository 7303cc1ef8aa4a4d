import { Button } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { ExchangeView } from '../../../src-shared/contract/index.ts';
import { readable } from '../../../src-shared/fhir/index.ts';
import { At, Badge, EmptyState, ExactText, HeaderList, ReadableView, SafeText } from '../../components/index.ts';
import classes from './parts.module.css';

/** Every request that left for the EHR on behalf of a write, and what came back. Secrets were removed before recording. */
export function SentAndReceived(props: { readonly exchanges: readonly ExchangeView[] }) {
  const { exchanges } = props;
  if (exchanges.length === 0) {
    return (
      <EmptyState title="Nothing has been sent.">Requests to the EHR and its answers stand here once there are any.</EmptyState>
    );
  }
  return (
    <ol className={classes.list}>
      {exchanges.map((exchange, at) => (
        <li key={`${exchange.at} ${at}`}>
          <Exchange exchange={exchange} />
        </li>
      ))}
    </ol>
  );
}

function Exchange(props: { readonly exchange: ExchangeView }) {
  const { exchange } = props;
  const [open, setOpen] = useState(false);
  return (
    <section className={classes.exchange}>
      <h3 className={classes.asIs}>
        <span className="mono">
          {exchange.method} <SafeText text={exchange.path} />
        </span>
      </h3>
      <p className={classes.line}>
        <Outcome exchange={exchange} />
        <span className="muted">
          <At at={exchange.at} /> · took {Math.round(exchange.durationMs).toLocaleString()} ms
        </span>
      </p>
      {exchange.fault !== null && (
        <p>
          <SafeText text={exchange.fault} />
        </p>
      )}
      {exchange.requestSha256 !== null && (
        <p className="small muted">
          sha-256 of the request <span className="mono">{exchange.requestSha256}</span>
        </p>
      )}
      <HeaderList headers={exchange.headers} />
      {exchange.body === null ? (
        <p className="small muted">
          {exchange.status === null ? 'Nothing came back.' : 'The body was empty, or the same as what was sent.'}
        </p>
      ) : (
        <>
          <p>
            <Button size="compact-sm" onClick={() => setOpen(!open)} aria-expanded={open}>
              {open ? 'Close the answer' : 'Open the answer'}
            </Button>{' '}
            <span className="small muted">{exchange.body.length.toLocaleString()} characters</span>
          </p>
          {open && <Body body={exchange.body} />}
        </>
      )}
    </section>
  );
}

function Outcome(props: { readonly exchange: ExchangeView }) {
  const { status, fault } = props.exchange;
  if (status === null) return <Badge tone="unk" sign="?" word={fault === null ? 'no answer' : 'no whole answer'} />;
  if (status < 300) return <Badge tone="ok" sign="✓" word={`status ${status}`} />;
  return (
    <Badge tone={status >= 500 || status === 429 ? 'warn' : 'bad'} sign={status >= 500 ? '!' : '×'} word={`status ${status}`} />
  );
}

function Body(props: { readonly body: string }) {
  const read = useMemo(() => readable(props.body), [props.body]);
  return (
    <div className={classes.part}>
      {read.problem === null && <ReadableView readable={read} headingLevel={4} />}
      <h4>Exactly as it came</h4>
      <ExactText text={props.body} label="the answer" />
    </div>
  );
}
