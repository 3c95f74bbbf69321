import type { ReactNode } from 'react';
import type { Invocation } from '../invocation.ts';
import { usageError } from '../usage-error.ts';

const ENTER_SCREEN = '\u001b[?1049h\u001b[H';
const LEAVE_SCREEN = '\u001b[?1049l\u001b[?25h';

/** Whether both ends are a person's terminal: then a command may take the whole screen. */
export function hasScreen({ io }: Invocation): boolean {
  return io.stdout.isTTY === true && io.stdin.isTTY === true;
}

export interface ScreenPlan {
  /** The view; its file is loaded only now, and the libraries with it. */
  load(): Promise<ReactNode>;
  /** What goes on meanwhile; `over` is aborted when the view has ended. */
  work(over: AbortSignal): Promise<void>;
  /** What to use on a terminal that cannot show it. */
  instead: string;
}

/**
 * Shows a view on the whole screen while its work goes on, and gives the terminal back as it was on every way out:
 * the end of the work, its failure, a signal, the end of the process.
 *
 * @throws CodiError CODI_USAGE on a terminal that cannot move its cursor
 */
export async function runScreen(invocation: Invocation, plan: ScreenPlan): Promise<void> {
  const { io } = invocation;
  if (io.env['TERM'] === 'dumb') {
    const hint = `use \`${plan.instead}\``;
    throw usageError('this terminal (TERM=dumb) cannot show a full screen', hint);
  }
  // React's production build is chosen by this variable, and Ink draws nothing where it sees a CI.
  io.setVariable('NODE_ENV', 'production');
  io.setVariable('CI', 'false');
  const [{ render }, view] = await Promise.all([import('ink'), plan.load()]);
  const leave = enterScreen(invocation);
  const app = render(view, {
    stdout: io.stdout as NodeJS.WriteStream,
    stdin: io.stdin as NodeJS.ReadStream,
    stderr: io.stderr as NodeJS.WriteStream,
    exitOnCtrlC: false,
    patchConsole: false,
    maxFps: 10,
  });
  const over = new AbortController();
  const work = plan.work(over.signal);
  try {
    await Promise.race([work, app.waitUntilExit()]);
  } finally {
    over.abort();
    app.unmount();
    leave();
    await work.catch(() => undefined);
  }
}

/** The alternate screen, until the result is called or the process ends. */
function enterScreen({ io }: Invocation): () => void {
  io.stdout.write(ENTER_SCREEN);
  const leave = () => void io.stdout.write(LEAVE_SCREEN);
  const stopListening = io.onExit(leave);
  return () => {
    stopListening();
    leave();
  };
}
