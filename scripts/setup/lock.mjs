// One set-up at a time in a checkout. The lock is a directory that appears with its owner inside by
// one rename; what a dead owner left is taken over.
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { say, SetupError } from './terminal.mjs';

const WAIT_LIMIT_MS = 15 * 60_000;
const POLL_MS = 100;

/** @typedef {{ release: () => void, note: (pid: number) => void }} Lock */

/**
 * Waits until nobody else sets up here.
 * @param {string} directory for the lock, made when missing
 * @returns {Promise<Lock>}
 */
export async function takeLock(directory) {
  mkdirSync(directory, { recursive: true });
  const lockPath = join(directory, 'setup.lock');
  const startedAtMs = performance.now();
  let hasSaidSo = false;
  for (;;) {
    if (tryTake(directory, lockPath)) return held(lockPath);
    const owners = readOwners(lockPath);
    if (owners !== undefined && !owners.some(isAlive)) {
      removeStale(lockPath, owners);
      continue;
    }
    const waitedMs = performance.now() - startedAtMs;
    if (waitedMs > WAIT_LIMIT_MS) {
      throw new SetupError(`another set-up holds ${lockPath} for too long; is it stuck?`);
    }
    if (waitedMs > 1000 && !hasSaidSo) {
      hasSaidSo = true;
      say(`codi: waiting for another set-up (pid ${owners?.[0]?.pid ?? 'unknown'}) ...`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** @param {string} directory @param {string} lockPath */
function tryTake(directory, lockPath) {
  const mine = join(directory, `setup.lock.${process.pid}.${Date.now()}`);
  mkdirSync(mine);
  writeFileSync(join(mine, 'owners.json'), JSON.stringify([identity(process.pid)]));
  try {
    renameSync(mine, lockPath);
    return true;
  } catch (error) {
    rmSync(mine, { recursive: true, force: true });
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'EPERM') return false;
    throw error;
  }
}

/** @param {string} lockPath @returns {Lock} */
function held(lockPath) {
  const release = () => rmSync(lockPath, { recursive: true, force: true });
  process.once('exit', release);
  const owners = [identity(process.pid)];
  return {
    release: () => {
      process.off('exit', release);
      release();
    },
    // Programs we started may outlive us; as long as one works here, nobody else may.
    note: (pid) => {
      owners.push(identity(pid));
      const next = join(lockPath, 'owners.next');
      writeFileSync(next, JSON.stringify(owners));
      renameSync(next, join(lockPath, 'owners.json'));
    },
  };
}

/**
 * @typedef {{ pid: number, started: string }} Owner
 * @param {string} lockPath
 * @returns {Owner[] | undefined}
 */
function readOwners(lockPath) {
  try {
    return JSON.parse(readFileSync(join(lockPath, 'owners.json'), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Only the lock that was judged is removed: one that appeared in between is put back. */
/** @param {string} lockPath @param {Owner[]} judged */
function removeStale(lockPath, judged) {
  const aside = `${lockPath}.stale.${process.pid}.${Date.now()}`;
  try {
    renameSync(lockPath, aside);
  } catch {
    return;
  }
  if (JSON.stringify(readOwners(aside)) === JSON.stringify(judged)) {
    rmSync(aside, { recursive: true, force: true });
  } else {
    renameSync(aside, lockPath);
  }
}

/** A pid alone may belong to somebody else by now. @param {number} pid @returns {Owner} */
function identity(pid) {
  return { pid, started: startTime(pid) };
}

/** @param {Owner} owner */
function isAlive(owner) {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
  return owner.started === '' || owner.started === startTime(owner.pid);
}

/** Start time in clock ticks since boot where /proc tells it, else ''. @param {number} pid */
function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}
