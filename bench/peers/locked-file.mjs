// The old way: five processes append lines of JSON to one file, each line under a lock. Nothing is synced.
import { fork } from 'node:child_process';
import { appendFileSync, closeSync, openSync, rmSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { jsonLine, newEntry } from '../entry.mjs';
import { newHome } from '../daemon.mjs';

const PROCESSES = 5;

if (process.argv[2] === 'append')
  append(process.argv[3], Number(process.argv[4]), Number(process.argv[5]));

export async function lockedFile(seconds, bytes) {
  const home = newHome();
  const started = performance.now();
  const counts = await Promise.all(
    Array.from({ length: PROCESSES }, () => runOne(home, seconds, bytes)),
  );
  const elapsed = performance.now() - started;
  rmSync(home, { recursive: true, force: true });
  return (counts.reduce((sum, count) => sum + count, 0) / elapsed) * 1_000;
}

function runOne(home, seconds, bytes) {
  const child = fork(new URL(import.meta.url), ['append', home, seconds, bytes]);
  return new Promise((resolve) => child.once('message', resolve));
}

function append(home, seconds, bytes) {
  const entry = newEntry(bytes);
  const [lock, file] = [join(home, 'lock'), join(home, 'log')];
  const until = performance.now() + seconds * 1_000;
  let count = 0;
  while (performance.now() < until) {
    try {
      closeSync(openSync(lock, 'wx'));
    } catch {
      continue; // somebody else has it
    }
    appendFileSync(file, `${jsonLine(entry)}\n`);
    unlinkSync(lock);
    count++;
  }
  process.send(count, () => process.exit(0));
}
