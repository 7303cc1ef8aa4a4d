import '../app/hardening.ts';
import { z } from 'zod';
import {
  envelope,
  exposedPassphraseName,
  type ExposedPassphrase,
  passphraseQuestion,
  type PassphraseRequest,
  passphraseVerdict,
} from '../../src-shared/contract/index.ts';

/** The page that asks for the passphrase of the workspace. It shows text only as text. */

const FAILED = 'Countersign did not answer. Close this window and start Countersign again.';

function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`The page has no ${id}.`);
  return found;
}

const form = element('form', HTMLFormElement);
const passphrase = element('passphrase', HTMLInputElement);
const remember = element('remember', HTMLInputElement);
const open = element('open', HTMLButtonElement);
const refusal = element('refusal', HTMLElement);

/** Asks the main process; throws what is to be shown. */
async function ask<T extends z.ZodType>(request: PassphraseRequest, shape: T): Promise<z.infer<T>> {
  const exposed = (window as { readonly [exposedPassphraseName]?: ExposedPassphrase })[exposedPassphraseName];
  const answer = envelope(z.unknown()).safeParse(await exposed?.ask(request));
  if (!answer.success) throw new Error(FAILED);
  if (!answer.data.ok) throw new Error(answer.data.failure.message);
  return shape.parse(answer.data.value);
}

const words = (error: unknown): string => (error instanceof Error ? error.message : FAILED);

async function start(): Promise<void> {
  const { folder, why, cannotRemember } = await ask({ kind: 'question' }, passphraseQuestion);
  element('why', HTMLElement).textContent = why;
  element('folder', HTMLElement).textContent = folder;
  element('cannot-remember', HTMLElement).textContent = cannotRemember ?? '';
  remember.disabled = cannotRemember !== null;
}

async function submit(): Promise<void> {
  const text = passphrase.value;
  if (text === '' || open.disabled) return;
  open.disabled = true;
  open.textContent = 'Opening …';
  refusal.textContent = '';
  try {
    const verdict = await ask({ kind: 'passphrase', text, remember: remember.checked }, passphraseVerdict);
    // Opened: the window is about to go.
    if (verdict.refusal === null) return;
    refusal.textContent = verdict.refusal;
  } catch (error) {
    refusal.textContent = words(error);
  } finally {
    passphrase.value = '';
  }
  open.disabled = false;
  open.textContent = 'Open';
  passphrase.focus();
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void submit();
});
start().catch((error: unknown) => {
  refusal.textContent = words(error);
});
