// Reads vitest's JSON report: how many passed, failed and were skipped, and why.

/**
 * @typedef {{ name: string, reason: string, isRequired: boolean }} Skipped
 * @typedef {{ passed: number, failed: number, skipped: Skipped[], notes: string[] }} Outcome
 */

/**
 * @param {any} report undefined when vitest did not get as far
 * @param {number} exitCode of vitest
 * @param {{ isCi: boolean }} options on CI a required test that was skipped counts as failed
 * @returns {Outcome}
 */
export function readOutcome(report, exitCode, options) {
  /** @type {Outcome} */
  const outcome = { passed: 0, failed: 0, skipped: [], notes: [] };
  for (const file of report?.testResults ?? []) {
    const tests = file.assertionResults ?? [];
    for (const test of tests) countTest(test, outcome, options);
    if (
      file.status === 'failed' &&
      !tests.some((/** @type {any} */ test) => test.status === 'failed')
    ) {
      outcome.failed += 1;
      outcome.notes.push(`failed as a whole: ${file.name}`);
    }
  }
  if (report === undefined) outcome.notes.push('vitest wrote no report');
  if (exitCode !== 0 && outcome.failed === 0) {
    outcome.failed += 1;
    outcome.notes.push(`vitest ended with code ${exitCode} although no test failed; see above`);
  }
  if (outcome.passed + outcome.failed + outcome.skipped.length === 0) {
    outcome.failed += 1;
    outcome.notes.push('no test ran');
  }
  return outcome;
}

/** @param {any} test @param {Outcome} outcome @param {{ isCi: boolean }} options */
function countTest(test, outcome, options) {
  if (test.status === 'passed') {
    outcome.passed += 1;
  } else if (test.status === 'failed') {
    outcome.failed += 1;
  } else {
    const skipped = {
      name: test.fullName,
      reason: test.meta?.skipReason ?? 'no reason given',
      isRequired: test.meta?.requiredOnCi === true,
    };
    if (skipped.isRequired && options.isCi) {
      outcome.failed += 1;
      outcome.notes.push(`required on CI but skipped: ${skipped.name} (${skipped.reason})`);
    } else {
      outcome.skipped.push(skipped);
    }
  }
}

/** The closing lines; the last one stands alone. @param {Outcome} outcome @returns {string[]} */
export function closingLines(outcome) {
  return [
    ...outcome.notes,
    ...outcome.skipped.map(({ name, reason }) => `skipped: ${name} (${reason})`),
    `${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped.length} skipped`,
  ];
}
