import type { SafeStorage } from 'electron';

/** The operating system's key store, through Electron. Its asynchronous calls: the others block and are on their way out. */
export function systemKeyStore(
  safeStorage: Pick<
    SafeStorage,
    'getSelectedStorageBackend' | 'isAsyncEncryptionAvailable' | 'encryptStringAsync' | 'decryptStringAsync'
  >,
  platform: NodeJS.Platform,
) {
  return {
    backend(): string {
      if (platform === 'darwin') return 'keychain';
      if (platform === 'win32') return 'dpapi';
      return safeStorage.getSelectedStorageBackend();
    },
    available: (): Promise<boolean> => safeStorage.isAsyncEncryptionAvailable(),
    // It takes text only.
    encrypt: (bytes: Uint8Array): Promise<Buffer> => safeStorage.encryptStringAsync(Buffer.from(bytes).toString('base64')),
    async decrypt(sealed: Uint8Array): Promise<{ bytes: Buffer; outdated: boolean }> {
      const { result, shouldReEncrypt } = await safeStorage.decryptStringAsync(Buffer.from(sealed));
      return { bytes: Buffer.from(result, 'base64'), outdated: shouldReEncrypt };
    },
  };
}
