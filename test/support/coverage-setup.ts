// Runs in every test process. Coverage is written on demand because the test runner ends its
// processes in a way that loses what Node would write at their exit.
import { takeCoverage } from 'node:v8';

import { afterAll } from 'vitest';

if (process.env['NODE_V8_COVERAGE'] !== undefined) afterAll(() => takeCoverage());
