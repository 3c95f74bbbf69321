import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { DaemonPlace } from './daemon.ts';
import { deadline } from './deadline.ts';

const ENTRY = fileURLToPath(new URL('counted-daemon.mjs', import.meta.url));

/** What the process of a daemon holds, by kind. */
export interface Held {
  handles: Record<string, number>;
  descriptors: Record<string, number>;
  threads: number;
  children: number;
  timers: number;
  listeners: Record<string, number>;
}

type Reply =
  | { type: 'held'; id: number; counts: Held }
  | { type: 'failed'; id: number; error: string }
  | { type: 'up' | 'gaveUp' };

/** The real daemon in a process that tells what it holds; starts and stops it as often as wished. */
export class CountedDaemon {
  readonly #child;
  readonly #calls = new Map<number, (reply: Reply) => void>();
  readonly exited: Promise<number | null>;
  #lastId = 0;
  stderr = '';
  hasGivenUp = false;

  constructor(place: DaemonPlace, roots: string[]) {
    const { dataDir, socketPath, debugSocketPath } = place;
    this.#child = fork(ENTRY, [dataDir, socketPath, debugSocketPath, ...roots], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      execArgv: ['--expose-gc'],
    });
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    this.exited = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.on('message', (reply: Reply) => {
      if (reply.type === 'gaveUp') this.hasGivenUp = true;
      if ('id' in reply) this.#calls.get(reply.id)?.(reply);
    });
  }

  start(): Promise<Held> {
    return this.#call('start');
  }

  stop(): Promise<Held> {
    return this.#call('stop');
  }

  held(): Promise<Held> {
    return this.#call('count');
  }

  /** Closes the channel: what holds nothing then ends by itself. */
  leave(): Promise<number | null> {
    this.#child.disconnect();
    return deadline('end of the process', this.exited, 20_000);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #call(type: string): Promise<Held> {
    const id = (this.#lastId += 1);
    const answer = new Promise<Reply>((resolve) => this.#calls.set(id, resolve));
    this.#child.send({ type, id });
    const reply = await deadline(`answer to '${type}' (${this.stderr})`, answer, 60_000);
    this.#calls.delete(id);
    if (reply.type !== 'held') throw new Error('error' in reply ? reply.error : reply.type);
    return reply.counts;
  }
}
