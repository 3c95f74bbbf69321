// `npm run client-kills -- [--minutes 2] [--programs 20] [--seed S]`: the long form of the test that kills the daemon
// and the programs that log into it.
import { parseArgs } from 'node:util';

import { runLongForm } from './test/long-form.mjs';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '2' },
    programs: { type: 'string', default: '20' },
    seed: { type: 'string' },
  },
});
await runLongForm('test/chaos/clients-and-daemon-killed.test.ts', {
  CODI_CLIENT_KILLS_MS: String(Number(values.minutes) * 60_000),
  CODI_CLIENT_KILLS_PROGRAMS: values.programs,
  CODI_SEED: values.seed,
});
