import type { ChildProcess } from 'node:child_process';
import { CodiError, isCodiError } from '../protocol/errors.ts';
import { showShortDuration } from './amounts.ts';
import { lastLogLines, openDaemonLog } from './daemon-log.ts';
import type { DaemonLog } from './daemon-log.ts';
import { endOf, monitorArguments, startDaemonProcess } from './daemon-process.ts';
import type { Invocation } from './invocation.ts';
import { withProgress } from './progress.ts';

const POLL_MS = 50;

/** Starts codi-monitor, detached, and returns when it answers. */
export async function startInBackground(
  roots: string[],
  waitMs: number,
  invocation: Invocation,
): Promise<number> {
  const { io, globals, out } = invocation;
  const running = await askPid(invocation);
  if (running !== undefined) throw new CodiError('CODI_ALREADY_RUNNING', { pid: running });
  const { dataDir, socketPath } = await invocation.endpoint();
  const log = openDaemonLog(dataDir);
  try {
    const startMs = io.nowMs();
    const child = startDaemonProcess(io, monitorArguments(globals, roots), {
      logFd: log.fd,
      hasChannel: false,
    });
    child.unref();
    const pid = await withProgress(invocation, 'starting the daemon', () =>
      waitUntilReady(child, startMs + waitMs, invocation),
    );
    if (pid === undefined) return await explain(child, log, invocation);
    const ready = { pid, socket: socketPath, data_dir: dataDir, log: log.path };
    if (globals.json) await out.json(ready);
    else if (!globals.quiet) {
      const duration = showShortDuration(io.nowMs() - startMs);
      await out.line(`daemon started, pid ${pid}, ready in ${duration}`);
      await out.line(`  socket ${socketPath}`);
    }
    return 0;
  } finally {
    log.close();
  }
}

/** The pid of the daemon that answers on our socket. */
export async function askPid(invocation: Invocation): Promise<number | undefined> {
  try {
    const choices = { attempts: 1, requestTimeoutMs: 2_000 };
    const status = await invocation.withClient((client) => client.request('Health', {}), choices);
    return status.pid ?? undefined;
  } catch (error) {
    if (isCodiError(error) && error.retryable) return undefined;
    throw error;
  }
}

/** Undefined when the process ended before it answered. */
async function waitUntilReady(child: ChildProcess, endMs: number, invocation: Invocation) {
  let hasEnded = false;
  void endOf(child).then(() => (hasEnded = true));
  while (!hasEnded) {
    const pid = await askPid(invocation);
    // Another daemon may have come first: ours then ends by itself and says so.
    if (pid !== undefined && pid === child.pid) return pid;
    if (invocation.io.nowMs() > endMs) {
      const reason = 'the daemon was started and does not answer yet';
      const hint = 'look with `codi daemon logs`, or wait with `codi status --wait 30s`';
      throw new CodiError('CODI_TRY_AGAIN', { reason }, { hint });
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  return undefined;
}

async function explain(child: ChildProcess, log: DaemonLog, invocation: Invocation) {
  const lines = lastLogLines(log);
  await invocation.note(`error: the daemon did not start (exit code ${child.exitCode ?? '?'})`);
  for (const line of lines) await invocation.note(`  ${line}`);
  return child.exitCode || 1;
}
