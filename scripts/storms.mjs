// `npm run storms -- [--seeds 200] [--seed S] [--minutes M] [--ops N]`: the long form of the seeded storms. With --seed
// alone it runs this one; --ops cuts it off after N operations.
import { parseArgs } from 'node:util';

import { runLongForm } from './test/long-form.mjs';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    minutes: { type: 'string', default: '60' },
    ops: { type: 'string' },
  },
});
await runLongForm('test/integration/seeded-storms.test.ts', {
  CODI_STORM_SEEDS: values.seeds ?? (values.seed === undefined ? '200' : '1'),
  CODI_STORM_MINUTES: values.minutes,
  CODI_STORM_OPS: values.ops,
  CODI_SEED: values.seed,
});
