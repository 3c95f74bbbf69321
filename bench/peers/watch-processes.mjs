// An observer and a writer as the benchmark holds them: processes of their own.
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cpuSeconds, family, memoryMiB } from '../process-family.mjs';
import { nowMs, pause } from './watch-tree.mjs';

const SAMPLE_MS = 500;
const QUIET_MS = 2_500;
const START_MS = 90_000;

/** Runs one workload and gives its account of it. */
export function write(order) {
  const child = fork(new URL('./watch-writer.mjs', import.meta.url), [JSON.stringify(order)]);
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', (code) => code !== 0 && reject(new Error(`the writer exited with ${code}`)));
  });
}

/** Starts one watcher with an observer beside it; an error when it is not ready in time. */
export async function observe(order) {
  const child = fork(new URL('./watch-observer.mjs', import.meta.url), [JSON.stringify(order)]);
  const { ready } = await new Promise((resolve, reject) => {
    const fail = (what) => reject(new Error(`${order.watcher} ${what}`));
    const deadline = setTimeout(() => {
      for (const pid of family(child.pid)) process.kill(Number(pid), 'SIGKILL');
      fail(`was not ready within ${START_MS / 1_000} s`);
    }, START_MS);
    child.once('message', resolve);
    child.once('exit', (code) => fail(`exited with ${code}`));
    child.once('message', () => clearTimeout(deadline));
    child.once('exit', () => clearTimeout(deadline));
  });
  return new Observer(child, order.home, ready);
}

class Observer {
  #child;
  #file;
  #pids;
  #sampler;
  #cpuBefore = [];
  peakMiB = 0;

  constructor(child, home, { readyMs, pids, version }) {
    this.#child = child;
    this.#file = join(home, 'dump.json');
    this.#pids = pids;
    this.readyMs = readyMs;
    this.version = version;
  }

  ask(type, rest = {}) {
    this.#child.send({ type, ...rest });
    return new Promise((resolve) => this.#child.once('message', ({ answer }) => resolve(answer)));
  }

  /** Memory of the watcher alone; one that lives in the observer's process takes that with it. */
  memoryMiB() {
    return memoryMiB(this.#pids.flatMap(family));
  }

  beginMeasure() {
    this.#cpuBefore = this.#cpu();
    this.#sampler = setInterval(() => {
      this.peakMiB = Math.max(this.peakMiB, this.memoryMiB());
    }, SAMPLE_MS);
  }

  /** CPU seconds since the beginning: of the watcher, and together with the observer. */
  endMeasure() {
    clearInterval(this.#sampler);
    this.peakMiB = Math.max(this.peakMiB, this.memoryMiB());
    const now = this.#cpu();
    return { watcher: now[0] - this.#cpuBefore[0], all: now[1] - this.#cpuBefore[1] };
  }

  /** Waits until nothing has come for a while, but no longer than the limit. */
  async quiet(limitMs) {
    const startedAt = nowMs();
    for (;;) {
      await pause(250);
      const progress = await this.ask('progress');
      const now = nowMs();
      if (now - Math.max(progress.lastEventAt, startedAt) > QUIET_MS) return progress;
      if (now - startedAt > limitMs) return progress;
    }
  }

  /** What it believes is on the disk, and each event of the first root. */
  async belief() {
    await this.ask('dump', { file: this.#file });
    const { state, log } = JSON.parse(readFileSync(this.#file, 'utf8'));
    return { state: new Map(state), log };
  }

  async stop() {
    const exited = new Promise((resolve) => this.#child.once('exit', resolve));
    await this.ask('stop');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await exited;
    clearTimeout(timer);
  }

  #cpu() {
    const watcher = this.#pids.flatMap(family);
    return [
      cpuSeconds(watcher),
      cpuSeconds([...new Set([...watcher, ...family(this.#child.pid)])]),
    ];
  }
}
