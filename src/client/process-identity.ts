import { readFileSync, readlinkSync } from 'node:fs';
import { processMark, readProcessStat, type SessionProcess } from '../protocol/session-process.ts';

/** A running process of this machine, so that a daemon can tell it from a later one with its number. */
export function processIdentity(pid: number): SessionProcess {
  try {
    const stat = readProcessStat(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8');
    return {
      pid,
      namespace: readlinkSync('/proc/self/ns/pid'),
      started: stat ? processMark(bootId, stat.startTicks) : null,
    };
  } catch {
    // No Linux, or it is over already: the daemon looks for itself.
    return { pid, namespace: null, started: null };
  }
}
