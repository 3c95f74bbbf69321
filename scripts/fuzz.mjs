// `npm run fuzz -- [--frames 1000000] [--seed S]`: the long form of the test that gives arbitrary bytes and changed
// frames to the decoder and to a daemon.
import { parseArgs } from 'node:util';

import { runLongForm } from './test/long-form.mjs';

const { values } = parseArgs({
  options: { frames: { type: 'string', default: '1000000' }, seed: { type: 'string' } },
});
await runLongForm('test/integration/fuzz.test.ts', {
  CODI_FUZZ_FRAMES: values.frames,
  CODI_SEED: values.seed,
});
