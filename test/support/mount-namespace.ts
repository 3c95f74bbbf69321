import { spawnSync } from 'node:child_process';
import type { RunningDaemon } from './daemon.ts';

/** Whether a process may have file systems of its own here; `skipUnless` says so where it may not. */
export const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;
export const NO_MOUNTS = 'file systems of its own need a mount namespace';

/** For `startDaemon`: runs it in a mount namespace of its own, after this script with these arguments ($1, $2 …). */
export function inNamespace(script: string, ...args: string[]): [string, ...string[]] {
  const shifts = `${script} && shift ${args.length} && exec "$@"`;
  return ['unshare', '-m', 'sh', '-c', shifts, 'sh', ...args];
}

/** Runs a command among the file systems the daemon sees; throws when it fails. */
export function besideDaemon({ pid }: RunningDaemon, command: string, ...args: string[]): void {
  const inside = ['-t', String(pid), '-m', command, ...args];
  const { status, stderr } = spawnSync('nsenter', inside, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
}
