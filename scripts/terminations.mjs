// `npm run terminations -- [--rounds 900] [--seed S]`: the long form of the test that terminates the ledger thread in
// the middle of its commits.
import { parseArgs } from 'node:util';

import { runLongForm } from './test/long-form.mjs';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '900' }, seed: { type: 'string' } },
});
await runLongForm('test/integration/storage-kill.test.ts', {
  CODI_TERMINATIONS: values.rounds,
  CODI_SEED: values.seed,
});
