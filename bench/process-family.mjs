// What a process and all it started take, from /proc.
import { readFileSync, readdirSync } from 'node:fs';

/** The process and its children at any depth, as strings; empty when it is gone. */
export function family(pid) {
  const children = tasksOf(pid).flatMap((task) =>
    read(`/proc/${pid}/task/${task}/children`).split(' ').filter(Boolean),
  );
  return [String(pid), ...children.flatMap(family)];
}

/** User and system time of processes that live. */
export function cpuSeconds(pids) {
  return pids.reduce((sum, pid) => {
    const fields = read(`/proc/${pid}/stat`).split(') ')[1]?.split(' ');
    return fields ? sum + (Number(fields[11]) + Number(fields[12])) / 100 : sum;
  }, 0);
}

/** Microseconds that all threads of a process have run: finer than the ticks of `cpuSeconds`. */
export function cpuMicros(pid) {
  const runs = tasksOf(pid).map((task) =>
    Number(read(`/proc/${pid}/task/${task}/schedstat`).split(' ')[0]),
  );
  return runs.reduce((sum, ns) => sum + ns, 0) / 1_000;
}

/** Proportional memory: what processes share is counted once. */
export function memoryMiB(pids) {
  return pids.reduce((sum, pid) => {
    const found = /^Pss:\s+(\d+)/m.exec(read(`/proc/${pid}/smaps_rollup`));
    return found ? sum + Number(found[1]) / 1_024 : sum;
  }, 0);
}

function tasksOf(pid) {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

function read(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
