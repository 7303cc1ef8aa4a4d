import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';

/** The oldest Node 24 among the packaged ones, and what the desktop shell embeds. */
const nodeTarget = 'node24.0';

export default defineConfig({
  main: {
    build: {
      target: nodeTarget,
      outDir: 'out/main',
      // A command that is running loads parts of the build late: a rebuild must not take them away while it replaces the rest.
      // scripts/build.ts removes what a finished build left behind.
      emptyOutDir: false,
      sourcemap: true,
      rolldownOptions: {
        input: { cli: 'src-main/entry/cli.ts', electron: 'src-main/entry/electron.ts' },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    build: {
      target: nodeTarget,
      outDir: 'out/preload',
      emptyOutDir: false,
      // A sandboxed preload is one CommonJS file that can load nothing but a part of Electron: whatever it uses goes in.
      isolatedEntries: true,
      externalizeDeps: false,
      rolldownOptions: {
        input: {
          preload: 'src-main/bridge/electron/preload.ts',
          'passphrase-preload': 'src-main/bridge/electron/passphrase-preload.ts',
        },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
        // Of the contract it needs two names, not the schemas.
        treeshake: { moduleSideEffects: false },
      },
    },
  },
  renderer: {
    root: 'src-renderer',
    plugins: [react()],
    // Replaced by a fresh nonce in every page that a shell serves.
    html: { cspNonce: '__CSP_NONCE__' },
    build: {
      target: 'chrome140',
      outDir: 'out/renderer',
      emptyOutDir: false,
      sourcemap: true,
      // Data addresses would need exceptions in the content security policy.
      assetsInlineLimit: 0,
      rolldownOptions: {
        input: {
          index: 'src-renderer/index.html',
          passphrase: 'src-renderer/shell-pages/passphrase.html',
          closing: 'src-renderer/shell-pages/closing.html',
        },
      },
    },
  },
});
