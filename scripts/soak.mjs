// `npm run soak -- [--minutes 10] [--seed S] [--json]`: the long form of the test that lets everything go on beside
// one daemon and looks for what grows. With --json each sample and the outcome are lines of JSON.
import { parseArgs } from 'node:util';

import { runLongForm } from './test/long-form.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string' },
    json: { type: 'boolean', default: false },
  },
});
await runLongForm('test/integration/soak.test.ts', {
  CODI_SOAK_MINUTES: values.minutes,
  CODI_SOAK_JSON: values.json ? '1' : undefined,
  CODI_SEED: values.seed,
});
