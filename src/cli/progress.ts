import { showDuration } from './amounts.ts';
import type { Invocation } from './invocation.ts';

const FIRST_SHOWN_MS = 1_000;
const REDRAW_MS = 500;
const PIPE_LINE_MS = 10_000;
const CLEAR_LINE = '\r\u001b[K';

/**
 * Shows on stderr that something takes its time: after a second on a terminal, every ten seconds on a
 * pipe. `detail` is asked anew each time.
 */
export async function withProgress<T>(
  invocation: Invocation,
  what: string,
  /** `clear`: before it writes on the terminal itself. */
  work: (clear: () => void) => Promise<T>,
  detail: () => string = () => '',
): Promise<T> {
  const { io, globals } = invocation;
  if (globals.quiet || globals.json) return work(() => undefined);
  const isTerminal = io.stderr.isTTY === true;
  const startMs = io.nowMs();
  let isShown = false;
  const show = () => {
    const elapsedMs = io.nowMs() - startMs;
    if (elapsedMs < FIRST_SHOWN_MS) return;
    const text = `${what}: ${[detail(), showDuration(elapsedMs)].filter(Boolean).join(', ')}`;
    isShown = true;
    io.stderr.write(isTerminal ? CLEAR_LINE + text : `${text}\n`);
  };
  const clear = () => {
    if (isShown && isTerminal) io.stderr.write(CLEAR_LINE);
    isShown = false;
  };
  const timer = setInterval(show, isTerminal ? REDRAW_MS : PIPE_LINE_MS);
  try {
    return await work(clear);
  } finally {
    clearInterval(timer);
    clear();
  }
}
