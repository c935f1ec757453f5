import tseslint from 'typescript-eslint';

/**
 * The rooms of src/ and what each may import (docs/architecture.md). A wrong arrow fails the lint.
 */
const base = ['errors', 'events', 'data', 'storage'];
const rooms = {
  errors: [],
  events: ['errors'],
  data: ['errors'],
  storage: ['errors'],
  arch: ['errors', 'data'],
  module: ['errors'],
  runtime: ['errors', 'storage'],
  kernel: [...base, 'arch', 'module', 'runtime'],
  toolchain: [...base, 'arch', 'kernel', 'runtime'],
  project: [...base, 'arch', 'kernel', 'module'],
  plan: [...base, 'arch', 'kernel', 'toolchain', 'project', 'runtime'],
  artifact: [...base, 'arch', 'module', 'kernel'],
  engine: [...base, 'arch', 'kernel', 'module', 'project', 'plan', 'runtime', 'artifact'],
  release: [...base, 'module', 'artifact', 'runtime'],
  report: [...base, 'artifact'],
  vm: [...base, 'arch', 'module', 'kernel', 'runtime', 'artifact'],
};
const allRooms = [...Object.keys(rooms), 'workflow', 'cli'];
rooms.workflow = allRooms.filter((room) => room !== 'cli');
rooms.cli = allRooms;

/** Packages that one room alone may import. */
const packages = { dockerode: 'runtime', chokidar: 'workflow', listr2: 'cli', yargs: 'cli' };

/** The rule above does not see `import(…)`, by which heavy code is loaded late. */
function dynamicImports(room, allowed) {
  const closed = allRooms.filter((other) => other !== room && !allowed.includes(other));
  const foreign = Object.keys(packages).filter((name) => packages[name] !== room);
  const pattern = `^((\\.\\.\\u002F)+(${closed.join('|')})\\u002F|(${foreign.join('|')})$)`;
  return {
    selector: `ImportExpression[source.value=/${pattern}/]`,
    message: `${room}/ may import ${allowed.join(', ') || 'no other room'} (docs/architecture.md).`,
  };
}

const directions = Object.entries(rooms).map(([room, allowed]) => ({
  files: [`src/${room}/**/*.ts`],
  ignores: ['**/*.test.ts'],
  rules: {
    'no-restricted-syntax': ['error', dynamicImports(room, allowed)],
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          {
            group: allRooms
              .filter((other) => other !== room && !allowed.includes(other))
              .flatMap((other) => [`../${other}/**`, `../../${other}/**`, `../../../${other}/**`]),
            message: `${room}/ may import ${allowed.join(', ') || 'no other room'} (docs/architecture.md).`,
          },
          {
            group: Object.entries(packages)
              .filter(([, owner]) => owner !== room)
              .map(([name]) => name),
            message: 'This package belongs to one room (docs/architecture.md).',
          },
        ].filter(({ group }) => group.length > 0),
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['lib/', 'node_modules/', '**/dist/', 'docs/media/', '**/*.js', 'test/fixtures/'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.check.json' } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      'no-console': 'error',
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'exit', message: 'Set process.exitCode in bin/ alone.' },
      ],
    },
  },
  { files: ['src/cli/**', 'test/**', 'bench/**', 'scripts/**'], rules: { 'no-console': 'off' } },
  {
    files: ['**/*.test.ts', 'test/**', 'bench/**'],
    rules: {
      // Tests take apart values whose shape they assert.
      '@typescript-eslint/no-non-null-assertion': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
    },
  },
  ...directions,
);
