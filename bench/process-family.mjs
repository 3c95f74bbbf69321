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

/** Microseconds that each thread of a process has run, by its id: finer than the ticks of `cpuSeconds`. */
export function threadMicros(pid) {
  return new Map(
    tasksOf(pid).map((task) => {
      const [ns] = read(`/proc/${pid}/task/${task}/schedstat`).split(' ');
      return [task, Number(ns) / 1_000];
    }),
  );
}

/** What ran between two of these. A thread that ended between them counts for nothing, one that began for all it ran. */
export function microsBetween(before, after) {
  let micros = 0;
  for (const [task, ran] of after) micros += ran - (before.get(task) ?? 0);
  return micros;
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
