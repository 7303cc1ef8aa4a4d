// Finds a Chromium for the browser tests, or installs one: an installed Chromium or Chrome, then Playwright's own, then the
// distribution's package.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { chromium } from 'playwright';
import { projectRoot } from './ensure-installed.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const places = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe',
];

/** The browser's executable, or `null` where none is to be had; `say` is told what is being tried. */
export function ensureChromium(say: (line: string) => void = () => {}): string | null {
  const found = installedChromium();
  if (found !== null) return found;
  say('No Chromium found; installing one for the browser tests ...');
  spawnSync(process.execPath, [path.join(projectRoot, 'node_modules', 'playwright', 'cli.js'), 'install', 'chromium'], {
    timeout: 300_000,
  });
  if (existsSync(chromium.executablePath())) return chromium.executablePath();
  if (process.platform === 'linux' && process.getuid?.() === 0 && onPath(['apt-get']) !== null) {
    say("Playwright's own could not be had; trying the distribution's package ...");
    spawnSync('apt-get', ['update', '-qq'], { timeout: 300_000 });
    spawnSync('apt-get', ['install', '-y', '-qq', 'chromium'], {
      timeout: 600_000,
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    });
  }
  return installedChromium();
}

function installedChromium(): string | null {
  const named = process.env['COUNTERSIGN_CHROMIUM'];
  if (named !== undefined && existsSync(named)) return named;
  const own = chromium.executablePath();
  return onPath(names) ?? places.find((place) => existsSync(place)) ?? (existsSync(own) ? own : null);
}

function onPath(wanted: readonly string[]): string | null {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    for (const name of wanted) {
      const file = path.join(folder, name);
      if (folder !== '' && existsSync(file)) return file;
    }
  }
  return null;
}
