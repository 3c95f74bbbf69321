import type { CellHost } from './cell-host.ts';
import { describeError } from './describe-error.ts';
import type { Runtime } from './runtime.ts';
import type { CellScope } from './scope.ts';

const HOST_KILL_LIMIT_MS = 5_000;

/** Gives back all that an ended cell holds: cleanups first, then its thread or process. Never rejects. */
export async function releaseCell(
  scope: CellScope,
  host: CellHost | undefined,
  path: string,
  runtime: Runtime,
): Promise<void> {
  await scope.dispose();
  if (!host || host.hasEnded) return;
  const { clock } = runtime.environment;
  await new Promise<void>((resolve) => {
    const abandon = (why: string) => {
      runtime.report({ kind: 'unstopped', path, reason: `${host.tag} ${why}` });
      resolve();
    };
    const timer = clock.setTimeout(
      () => abandon(`still alive ${HOST_KILL_LIMIT_MS} ms after its kill`),
      HOST_KILL_LIMIT_MS,
    );
    host.kill().then(
      () => {
        clock.clearTimeout(timer);
        resolve();
      },
      (error: unknown) => {
        clock.clearTimeout(timer);
        abandon(`could not be killed: ${describeError(error)}`);
      },
    );
  });
}
