import { verifyAll } from '../audit-verify.ts';
import { EXIT } from '../../protocol/errors.ts';
import { checkExports, checkLines, hasContents } from '../export/check-exports.ts';
import type { Invocation } from '../invocation.ts';

/** `codi store verify`: rows and segments, and when they are asked for the contents of exports. */
export async function verifyStore(
  { hasExports }: { hasExports: boolean },
  invocation: Invocation,
): Promise<number> {
  const { globals, out } = invocation;
  if (hasExports) {
    const exports = await checkExports([], invocation);
    const exitCode = await verifyAll({ exports }, invocation);
    if (!globals.json && (!globals.quiet || !exports.ok)) await out.lines(checkLines(exports));
    return exitCode === EXIT.done && !exports.ok ? EXIT.degraded : exitCode;
  }
  const exitCode = await verifyAll({}, invocation);
  if (!globals.json && !globals.quiet && (await hasContents(invocation)))
    await invocation.note('contents of exports were not read; --exports reads them as well');
  return exitCode;
}
