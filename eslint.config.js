import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

// The pure folders: given the same inputs they give the same answers, so that the simulation can replay a run from its seed and a
// decision can be proved from its record. Time, randomness, timers, network, environment and output come in through ports.
const shared = 'src-shared/**/*.ts';
const engine = 'src-main/engine/**/*.ts';
const simulation = 'src-main/simulation/**/*.ts';
const renderer = 'src-renderer/**/*.{ts,tsx}';
const rendererBridge = 'src-renderer/bridge/**';
const tests = ['**/*.test.ts', '**/testing/**'];

const ban = (names, message) => names.map((name) => ({ name, message }));
const impureGlobals = [
  ...ban(['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'], 'Timers come in through a port.'),
  ...ban(['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource'], 'The network is reached through a port.'),
  ...ban(['crypto'], 'Randomness and ids come in through a port; hashing comes in as a function.'),
  ...ban(['performance'], 'Time comes in through the clock port.'),
  ...ban(['process', 'Buffer', 'global', 'globalThis', 'require'], 'This folder runs anywhere: nothing of Node here.'),
  ...ban(['console'], 'Output goes through the log port.'),
];
const dateMessage = 'Time comes in through the clock port.';
const windowGlobals = ban(
  ['window', 'document', 'navigator', 'self', 'localStorage'],
  'This folder runs anywhere: nothing of a browser here.',
);

const impureProperties = [
  { object: 'Math', property: 'random', message: 'Randomness comes in through a port, from the seed.' },
  { object: 'AbortSignal', property: 'timeout', message: 'Timers come in through a port.' },
];
const nodeImports = {
  patterns: [
    { regex: '^node:', message: 'This folder does no input or output: what it needs from Node comes in through a port.' },
  ],
};

// src-shared may turn dates to numbers and back to parts, which needs no clock, and nothing else that Date can do.
const dateUses = [
  { selector: ":not(MemberExpression) > Identifier[name='Date']", message: dateMessage },
  { selector: "MemberExpression[object.name='Date']:not([property.name=/^(parse|UTC)$/])", message: dateMessage },
];

export default defineConfig(
  { ignores: ['node_modules/', 'out/', 'coverage/', 'practice-workspace/', 'resources/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{js,mjs,cjs,ts,tsx}'],
    extends: [tseslint.configs.recommended],
    rules: {
      'max-lines': ['error', { max: 500, skipBlankLines: false, skipComments: false }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-restricted-exports': [
        'error',
        { restrictDefaultExports: { direct: true, named: true, defaultFrom: true, namedFrom: true, namespaceFrom: true } },
      ],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', varsIgnorePattern: '^_', caughtErrorsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
    },
  },
  {
    files: ['**/*.{ts,tsx}'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  // Electron is known in the shell alone, and run from there only by the two scripts in front of a page and the composition root.
  // Everything else of the shell takes its parts of Electron as parameters, so that tests can stand in for them.
  {
    files: ['**/*.{js,mjs,cjs,ts,tsx}'],
    ignores: ['src-main/entry/electron.ts', 'src-main/bridge/electron/**'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^electron(?:/|$)', message: 'Electron is known in src-main/bridge/electron alone.' }] },
      ],
    },
  },
  {
    files: ['src-main/bridge/electron/**'],
    ignores: ['src-main/bridge/electron/{preload,passphrase-preload}.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^electron(?:/|$)',
              allowTypeImports: true,
              message: "Take Electron's parts as parameters, typed by its types.",
            },
          ],
        },
      ],
    },
  },
  { files: ['*.config.{js,ts}', '.dependency-cruiser.cjs'], rules: { 'no-restricted-exports': 'off' } },
  {
    files: [shared],
    ignores: tests,
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals, ...windowGlobals],
      'no-restricted-properties': ['error', ...impureProperties],
      'no-restricted-syntax': ['error', ...dateUses],
      'no-restricted-imports': ['error', nodeImports],
    },
  },
  {
    files: [engine, simulation],
    ignores: tests,
    rules: {
      'no-restricted-globals': ['error', ...impureGlobals, ...ban(['Date'], dateMessage)],
      'no-restricted-properties': ['error', ...impureProperties],
      'no-restricted-imports': ['error', nodeImports],
    },
  },
  {
    files: [renderer],
    rules: {
      // Text from outside never becomes markup; there is no exception (Trusted Types would refuse it at run time).
      'no-restricted-syntax': [
        'error',
        {
          selector: "JSXAttribute[name.name='dangerouslySetInnerHTML'], Property[key.name='dangerouslySetInnerHTML']",
          message: 'Text never becomes markup in the window.',
        },
        {
          selector: 'AssignmentExpression > MemberExpression.left[property.name=/^(innerHTML|outerHTML|srcdoc)$/]',
          message: 'Text never becomes markup in the window.',
        },
        {
          selector:
            "CallExpression[callee.property.name=/^(insertAdjacentHTML|createContextualFragment|setHTMLUnsafe)$/], CallExpression[callee.object.name='document'][callee.property.name=/^write/]",
          message: 'Text never becomes markup in the window.',
        },
      ],
      'no-restricted-imports': ['error', nodeImports],
    },
  },
  {
    files: [renderer],
    ignores: [...tests, rendererBridge],
    rules: {
      'no-restricted-globals': [
        'error',
        ...ban(
          ['fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource', 'sessionStorage', 'indexedDB'],
          'Only src-renderer/bridge reaches out of the window.',
        ),
      ],
      'no-restricted-properties': [
        'error',
        ...['window', 'globalThis', 'self'].flatMap((object) =>
          ['countersign', 'fetch', 'XMLHttpRequest', 'WebSocket', 'EventSource'].map((property) => ({
            object,
            property,
            message: 'Only src-renderer/bridge reaches out of the window.',
          })),
        ),
        { object: 'navigator', property: 'sendBeacon', message: 'Only src-renderer/bridge reaches out of the window.' },
      ],
    },
  },
);
