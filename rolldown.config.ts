import { defineConfig } from 'rolldown';

/** The runner as one file: Actions runs what is in the repository, without an install. Not minified, so that it can be reviewed. */
export default defineConfig({
  input: 'action/src/main.ts',
  platform: 'node',
  // The toolkit's HTTP client is used by parts of it that the runner does not call; without this line it would be half of the bundle.
  treeshake: { moduleSideEffects: [{ test: /node_modules\/(@actions|undici|tunnel)\//, sideEffects: false }] },
  output: {
    file: 'action/dist/index.mjs',
    format: 'esm',
    codeSplitting: false,
    minify: false,
    comments: false,
  },
});
