import { outputs, type CommandName, type Output } from './outputs.ts';

/** How the command line speaks: results on standard output, everything else on standard error. */

/**
 * Exit codes of the contract: 0 done, 1 refused or failed in part, 2 bad usage, 3 workspace cannot be opened or is in use, 4 the
 * ledger failed while it was open and the engine has stopped.
 */
export type ExitCode = 0 | 1 | 2 | 3 | 4;

/** Ends a command with words for a person and an exit code for a script. */
export class CommandFailure extends Error {
  readonly exitCode: ExitCode;
  readonly code: string;
  constructor(exitCode: ExitCode, code: string, message: string) {
    super(message);
    this.name = 'CommandFailure';
    this.exitCode = exitCode;
    this.code = code;
  }
}

export class ConsoleIo {
  readonly json: boolean;
  private readonly out: NodeJS.WritableStream;
  private readonly err: NodeJS.WritableStream & { isTTY?: boolean };

  constructor(json: boolean, out: NodeJS.WritableStream, err: NodeJS.WritableStream) {
    this.json = json;
    this.out = out;
    this.err = err;
  }

  /** One result: a JSON document, or its words. */
  result<N extends CommandName>(name: N, output: Output<N>, words: string): void {
    this.out.write(this.json ? `${JSON.stringify(outputs[name].parse(output))}\n` : `${words}\n`);
  }

  /** A message beside the result. */
  note(words: string): void {
    this.err.write(`${words}\n`);
  }

  /** A line that replaces itself on a terminal; silent elsewhere, so that logs stay readable. */
  progress(words: string): void {
    if (this.err.isTTY === true) this.err.write(`\r\u001b[K${words}`);
  }

  progressEnd(): void {
    if (this.err.isTTY === true) this.err.write('\r\u001b[K');
  }
}

/** Control characters made visible: text from outside must not steer the terminal. */
export function printable(text: string): string {
  return text.replace(
    /\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/gu,
    (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
}
