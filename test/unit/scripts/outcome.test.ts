import { expect, test } from 'vitest';

import { closingLines, readOutcome } from '../../../scripts/test/outcome.mjs';

function report(assertionResults: object[], status = 'passed') {
  return { testResults: [{ name: '/t/a.test.ts', status, assertionResults }] };
}
const passed = { fullName: 'a', status: 'passed' };
const failed = { fullName: 'b', status: 'failed' };
const skipped = {
  fullName: 'c',
  status: 'skipped',
  meta: { skipReason: 'no strace', requiredOnCi: true },
};

test('Counts are taken from the report and each skipped test is listed with its reason.', () => {
  const outcome = readOutcome(report([passed, failed, skipped]), 1, { isCi: false });
  expect(closingLines(outcome)).toEqual([
    'skipped: c (no strace)',
    '1 passed, 1 failed, 1 skipped',
  ]);
});

test('On CI a required test that was skipped is a failure.', () => {
  const outcome = readOutcome(report([passed, skipped]), 0, { isCi: true });
  expect(closingLines(outcome)).toEqual([
    'required on CI but skipped: c (no strace)',
    '1 passed, 1 failed, 0 skipped',
  ]);
});

test('A file that fails as a whole counts as one failure.', () => {
  expect(readOutcome(report([], 'failed'), 1, { isCi: false }).failed).toBe(1);
});

test('A bad exit code without a failed test, a missing report and an empty run are failures.', () => {
  expect(readOutcome(report([passed]), 1, { isCi: false }).failed).toBe(1);
  expect(readOutcome(undefined, 1, { isCi: false }).failed).toBe(1);
  expect(readOutcome(report([]), 0, { isCi: false }).failed).toBe(1);
});
