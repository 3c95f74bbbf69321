import { readFileSync } from 'node:fs';
import { CodiError } from '../protocol/errors.ts';
import { showDuration } from './amounts.ts';
import { daemonLogPath } from './daemon-log.ts';
import { askPid } from './daemon-start.ts';
import type { Invocation } from './invocation.ts';
import { withProgress } from './progress.ts';
import { safeText } from './safe-text.ts';

const POLL_MS = 25;

/** Asks the daemon that answers on our socket to drain, and waits until its process is gone. */
export async function stopDaemon(timeoutMs: number, invocation: Invocation): Promise<void> {
  const { io, out, globals } = invocation;
  const pid = await askPid(invocation);
  if (pid === undefined) throw await notRunning(invocation);
  const startMs = io.nowMs();
  io.kill(pid, 'SIGTERM');
  await withProgress(invocation, 'waiting for the daemon to end', async () => {
    while (isAlive(pid, invocation)) {
      if (io.nowMs() - startMs > timeoutMs) {
        const reason = `the daemon (pid ${pid}) is still draining`;
        throw new CodiError('CODI_TRY_AGAIN', { reason }, { hint: 'see `codi daemon logs`' });
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  });
  const durationMs = io.nowMs() - startMs;
  if (globals.json) return out.json({ pid, duration_ms: durationMs });
  if (!globals.quiet) {
    await out.line(`daemon stopped (pid ${pid}) in ${showDuration(Math.max(durationMs, 100))}`);
  }
}

/** `codi daemon status`: fails with CODI_UNREACHABLE when none answers. */
export async function showDaemonStatus(invocation: Invocation): Promise<void> {
  const { out, globals, style } = invocation;
  const { dataDir, socketPath } = await invocation.endpoint();
  const status = await invocation.withClient((client) => client.request('Health', {}));
  const uptimeMs = status.uptime.secs * 1000 + Math.round(status.uptime.nanos / 1e6);
  const log = daemonLogPath(status.data_dir ?? dataDir);
  if (globals.json) {
    return out.json({
      pid: status.pid ?? null,
      version: status.version ?? null,
      state: status.state ?? 'healthy',
      uptime_ms: uptimeMs,
      socket: socketPath,
      data_dir: status.data_dir ?? dataDir,
      log,
    });
  }
  const head = [
    `pid ${status.pid ?? '?'}`,
    `up ${showDuration(uptimeMs)}`,
    status.state ?? 'healthy',
  ];
  await out.line(`${style.green('● running')}   ${head.join('   ')}`);
  await out.line(`  socket  ${safeText(socketPath)}`);
  await out.line(`  data    ${safeText(status.data_dir ?? dataDir)}`);
  await out.line(`  log     ${safeText(log)}`);
}

async function notRunning(invocation: Invocation): Promise<CodiError> {
  const { socketPath } = await invocation.endpoint();
  return new CodiError('CODI_UNREACHABLE', { path: socketPath, reason: 'nobody answers there' });
}

function isAlive(pid: number, { io }: Invocation): boolean {
  try {
    io.kill(pid, 0);
    return !isZombie(pid);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** In a container without an init process nobody collects the ended daemon: its pid stays. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return false;
  }
}
