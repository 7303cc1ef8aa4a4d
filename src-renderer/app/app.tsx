import { MantineProvider } from '@mantine/core';
import { Router } from 'wouter';
import { BridgeProvider, type Client, type SessionEnd } from '../bridge/index.ts';
import { useSession } from '../stores/index.ts';
import { cssVariables, schemes, theme } from '../theme/index.ts';
import { styleNonce } from './hardening.ts';
import { useFragmentPath, useFragmentSearch } from './location.ts';
import { Session } from './session.tsx';

const onSessionEnd: SessionEnd = (code) => {
  if (code === 'session-locked') useSession.getState().lock();
  else useSession.getState().signedOut();
};

/** The whole window. */
export function App(props: { readonly client: Client }) {
  return (
    <MantineProvider
      theme={theme}
      cssVariablesResolver={cssVariables}
      colorSchemeManager={schemes}
      defaultColorScheme="auto"
      getStyleNonce={styleNonce}
    >
      <BridgeProvider client={props.client} onSessionEnd={onSessionEnd}>
        <Router hook={useFragmentPath} searchHook={useFragmentSearch}>
          <Session />
        </Router>
      </BridgeProvider>
    </MantineProvider>
  );
}
