// `npm run exports -- [--files 500] [--seed S]`: the long form of the test that no export is missed.
import { parseArgs } from 'node:util';

import { runLongForm } from './test/long-form.mjs';

const { values } = parseArgs({
  options: { files: { type: 'string', default: '500' }, seed: { type: 'string' } },
});
await runLongForm('test/chaos/exports-killed.test.ts', {
  CODI_EXPORT_FILES: values.files,
  CODI_SEED: values.seed,
});
