import { Button } from '@mantine/core';
import { useState } from 'react';

const SAID_MS = 2_500;

/** Copies the address of this screen. The address holds ids only. */
export function CopyLink() {
  const [said, setSaid] = useState<'nothing' | 'copied' | 'refused'>('nothing');
  function copy(): void {
    navigator.clipboard
      .writeText(window.location.hash === '' ? '#/' : window.location.hash)
      .then(() => setSaid('copied'))
      .catch(() => setSaid('refused'))
      .finally(() => setTimeout(() => setSaid('nothing'), SAID_MS));
  }
  return (
    <>
      <Button onClick={copy} title="Copies the address of this screen. Paste it into the search (Ctrl K) to come back here.">
        {said === 'copied' ? 'Copied' : said === 'refused' ? 'Could not copy' : 'Copy link'}
      </Button>
      <span className="unseen" role="status">
        {said === 'copied' ? 'The address was copied.' : said === 'refused' ? 'The address could not be copied.' : ''}
      </span>
    </>
  );
}
