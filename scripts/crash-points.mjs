// `npm run crash-points -- [--points 300] [--seed S] [--lanes 2] [--phases archive]`: the long form of the test that kills the daemon at
// its storage calls. Points beyond those that there are run each of them once.
import { parseArgs } from 'node:util';

import { runLongForm } from './test/long-form.mjs';

const { values } = parseArgs({
  options: {
    points: { type: 'string', default: '300' },
    seed: { type: 'string' },
    lanes: { type: 'string', default: '2' },
    phases: { type: 'string' },
  },
});
await runLongForm('test/chaos/killed-at-storage-calls.test.ts', {
  CODI_CRASH_POINTS: values.points,
  CODI_CRASH_LANES: values.lanes,
  CODI_CRASH_PHASES: values.phases,
  CODI_SEED: values.seed,
});
