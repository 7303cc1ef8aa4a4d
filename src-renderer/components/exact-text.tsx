import { Button } from '@mantine/core';
import { useState } from 'react';
import styles from './exact-text.module.css';
import { LongText } from './long-text.tsx';

/** A text exactly as it is, character for character, and a button that copies it. */
export function ExactText(props: { readonly text: string; readonly label: string }) {
  const { text, label } = props;
  const [copied, setCopied] = useState<'no' | 'yes' | 'failed'>('no');
  const copy = (): void => {
    navigator.clipboard.writeText(text).then(
      () => setCopied('yes'),
      () => setCopied('failed'),
    );
  };
  return (
    <div className={styles.exact}>
      <LongText text={text} label={label} mono />
      <div className={styles.copy}>
        <Button size="compact-sm" onClick={copy}>
          Copy
          <span className="unseen"> {label}</span>
        </Button>
        <span role="status" className="small muted">
          {copied === 'yes' ? 'Copied. It holds clinical text: paste it only where that belongs.' : ''}
          {copied === 'failed' ? 'The clipboard cannot be used here. Select the text instead.' : ''}
        </span>
      </div>
    </div>
  );
}
