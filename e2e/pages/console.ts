import type { Locator, Page } from 'playwright';
import type { TestWindow } from '../fixtures/window.ts';

/** The console as people use it: screens by their names, acts by their words. No test knows how a screen is built. */
export class ConsolePage {
  readonly page: Page;

  constructor(window: TestWindow) {
    this.page = window.page;
  }

  heading(name: string | RegExp): Locator {
    return this.page.getByRole('heading', { level: 1, name });
  }

  button(name: string | RegExp): Locator {
    return this.page.getByRole('button', { name, exact: typeof name === 'string' });
  }

  async signIn(person: string, secret: string): Promise<void> {
    await this.page.getByRole('radio', { name: new RegExp(person) }).check();
    await this.page.getByRole('textbox', { name: 'Secret' }).fill(secret);
    await this.button('Sign in').click();
  }

  /** Signs in, and waits for the first screen. */
  async enter(person: string, secret: string): Promise<void> {
    await this.signIn(person, secret);
    await this.heading('Today').waitFor();
  }

  async goTo(screen: 'Today' | 'Queue' | 'Approvals' | 'Connections'): Promise<void> {
    await this.page
      .getByRole('navigation', { name: 'Screens' })
      .getByRole('link', { name: new RegExp(`^${screen}`) })
      .click();
    await this.heading(screen === 'Approvals' ? /^Approvals/ : screen).waitFor();
  }

  tab(name: RegExp): Locator {
    return this.page.getByRole('navigation', { name: 'Lists of the queue' }).getByRole('link', { name });
  }

  row(name: RegExp): Locator {
    return this.page.getByRole('grid').getByRole('row', { name });
  }

  /** Goes to an address of the window, as a person who pastes a link. */
  async address(hash: string): Promise<void> {
    await this.page.evaluate(`location.hash = ${JSON.stringify(hash)}`);
  }

  /** The text of the whole page, as anything that reads the screen would get it. */
  text(): Promise<string> {
    return this.page.evaluate<string>('document.body.innerText');
  }

  /** Everything the page holds, shown or not. */
  html(): Promise<string> {
    return this.page.evaluate<string>('document.documentElement.outerHTML');
  }

  /** Pixels by which the page is wider than its window. */
  overflow(): Promise<number> {
    return this.page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  }
}
