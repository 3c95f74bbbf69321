// Servers that the benchmark starts in a place of its own, and small clients of line protocols.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, rmSync } from 'node:fs';
import { connect } from 'node:net';

/** Why a program cannot be run, or undefined when it is there. */
export function missing(program) {
  const found = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
  return found.status === 0 ? undefined : `${program} is not installed`;
}

/** First line of what a program says of its version. */
export function versionOf(program, flag) {
  const { stdout, stderr } = spawnSync(program, [flag], { encoding: 'utf8' });
  return /\d+\.\d+\.\d+/.exec(stdout + stderr)?.[0] ?? 'unknown';
}

/** Starts a server; `stop` ends it and removes its folder. */
export function startServer(program, args, home) {
  const child = spawn(program, args, { stdio: 'ignore', cwd: home });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  return async () => {
    child.kill('SIGTERM');
    await exited;
    rmSync(home, { recursive: true, force: true });
  };
}

/** Waits until a condition holds. */
export async function until(condition, what, timeoutMs = 10_000) {
  const deadline = performance.now() + timeoutMs;
  while (!(await condition())) {
    if (performance.now() > deadline)
      throw new Error(`${what} did not come within ${timeoutMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Connects to a Unix socket or a port as soon as somebody listens there. */
export async function dial(address) {
  let socket;
  const attempt = () =>
    new Promise((resolve) => {
      if (address.path && !existsSync(address.path)) return resolve(false);
      const one = connect(address);
      one.once('connect', () => {
        socket = one;
        resolve(true);
      });
      one.once('error', () => resolve(false));
    });
  await until(attempt, 'a connection');
  return socket;
}

/** How many times a byte occurs. */
export function countByte(chunk, byte) {
  let count = 0;
  for (let at = chunk.indexOf(byte); at >= 0; at = chunk.indexOf(byte, at + 1)) count++;
  return count;
}
