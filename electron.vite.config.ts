import { defineConfig } from 'electron-vite';

// electron-vite asks for Electron's version before it agrees to write ES modules. As long as this project builds only the command
// line, Electron is not among its packages; name the line whose Node the build is for. An installed Electron is read instead.
try {
  import.meta.resolve('electron/package.json');
} catch {
  process.env['ELECTRON_MAJOR_VER'] ??= '44';
}

export default defineConfig({
  main: {
    build: {
      // The oldest Node 24 among the packaged ones.
      target: 'node24.0',
      outDir: 'out/main',
      // A command that is running loads parts of the build late: a rebuild must not take them away while it replaces the rest.
      // scripts/build.ts removes what a finished build left behind.
      emptyOutDir: false,
      sourcemap: true,
      rolldownOptions: {
        input: { cli: 'src-main/entry/cli.ts' },
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
});
