import { readFileSync, readlinkSync } from 'node:fs';
import type { ProcessState } from '../actors/coordination/session-lives.ts';
import { processMark, readProcessStat, type SessionProcess } from '../protocol/session-process.ts';

const NAMESPACE = '/proc/self/ns/pid';
const BOOT_ID = '/proc/sys/kernel/random/boot_id';
const ZOMBIE = 'Z';

/** Fills in which process of that number it is, where whoever named it did not say: the one that runs now. */
export function identifyProcess(process: SessionProcess): SessionProcess {
  const namespace = process.namespace ?? readText(() => readlinkSync(NAMESPACE)) ?? null;
  const named = { ...process, namespace };
  return process.started === null ? { ...named, started: startOf(process.pid) ?? null } : named;
}

/** Whether it runs. Another one with its number is not it; in another namespace numbers mean nothing. */
export function processState({ pid, namespace, started }: SessionProcess): ProcessState {
  const own = readText(() => readlinkSync(NAMESPACE));
  if (own === undefined) return isThere(pid) ? 'alive' : 'gone';
  if (own !== namespace) return 'unknown';
  return started !== null && startOf(pid) === started ? 'alive' : 'gone';
}

function startOf(pid: number): string | undefined {
  const stat = readProcessStat(readText(() => readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? '');
  const bootId = readText(() => readFileSync(BOOT_ID, 'utf8'));
  if (!stat || stat.state === ZOMBIE || bootId === undefined) return undefined;
  return processMark(bootId, stat.startTicks);
}

/** Where there is no /proc only the number counts. */
function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function readText(read: () => string): string | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
