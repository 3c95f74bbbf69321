import type { Invocation } from './invocation.ts';

/** Runs until it is done or the user interrupts: the signal is aborted by Ctrl-C, SIGTERM or a closed pipe. */
export async function untilInterrupted<T>(
  invocation: Invocation,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const stops = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) =>
    invocation.io.onSignal(name, abort),
  );
  invocation.out.whenGone(abort);
  try {
    return await work(controller.signal);
  } finally {
    for (const stop of stops) stop();
  }
}
