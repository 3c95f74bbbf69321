import { test, type TestContext } from 'vitest';

/** Written into the test's metadata; the closing lines of `npm test` are made from it. */
export interface SkipMeta {
  skipReason: string;
  requiredOnCi: boolean;
}

/**
 * `test`, or a skipped test whose reason is listed at the end of `npm test`. On CI a test that is
 * required there counts as failed when it is skipped.
 */
export function skipUnless(
  condition: boolean,
  reason: string,
  options: { requiredOnCi?: boolean } = {},
): (
  title: string,
  body: (context: TestContext) => void | Promise<void>,
  timeoutMs?: number,
) => void {
  if (condition) return (title, body, timeoutMs) => test(title, body, timeoutMs);
  const meta: SkipMeta = { skipReason: reason, requiredOnCi: options.requiredOnCi ?? false };
  return (title, body) => test(title, { skip: true, meta: meta as object }, body);
}
