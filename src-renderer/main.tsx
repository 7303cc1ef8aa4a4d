import './app/hardening.ts';
import './theme/layers.css';
import '@fontsource-variable/inter/wght.css';
import '@mantine/core/styles.layer.css';
import './theme/tokens.css';
import './theme/base.css';
import './theme/library.css';
import { createRoot } from 'react-dom/client';
import { App } from './app/app.tsx';
import { openClient } from './bridge/index.ts';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no place for the window.');
createRoot(root).render(<App client={openClient()} />);
