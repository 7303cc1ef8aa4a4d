/** The channels between the window and the main process. There are no others; both sides name them from here. */

/** The window asks, with a JSON text; answered with an envelope. */
export const callChannel = 'countersign:call';
/** The main process tells. */
export const noticeChannel = 'countersign:notice';
/** The passphrase page asks, with a JSON text (src-shared/contract/passphrase.ts). */
export const passphraseChannel = 'countersign:passphrase';
