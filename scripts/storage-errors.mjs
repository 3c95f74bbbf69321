// `npm run storage-errors -- [--rounds 3] [--seed S]`: the long form of the test in which storage calls fail, twelve
// kinds of errors in each round.
import { parseArgs } from 'node:util';

import { runLongForm } from './test/long-form.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, seed: { type: 'string' } },
});
await runLongForm('test/chaos/storage-calls-fail.test.ts', {
  CODI_ERROR_ROUNDS: values.rounds,
  CODI_SEED: values.seed,
});
