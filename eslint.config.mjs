import tseslint from 'typescript-eslint'

const limits = { 'max-lines': ['error', { max: 300, skipBlankLines: true, skipComments: true }], 'max-lines-per-function': ['error', { max: 60, skipBlankLines: true, skipComments: true }] }

export default tseslint.config(
  { ignores: ['dist/**', 'node_modules/**', '.tongqu/**', 'coverage/**'] },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    rules: {
      ...limits,
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      'no-restricted-properties': ['error', { object: 'process', property: 'env', message: 'Only libs/runtime reads the environment.' }],
      'no-console': 'error',
    },
  },
  { files: ['libs/runtime/**', 'test/**', 'bench/**'], rules: { 'no-restricted-properties': 'off' } },
  { files: ['apps/cli/**', 'bench/**', 'test/**', 'libs/runtime/src/progress/**'], rules: { 'no-console': 'off' } },
  { files: ['**/*.spec.ts', 'test/**', 'bench/**'], rules: { 'max-lines-per-function': 'off' } },
)
