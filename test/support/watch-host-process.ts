import { fork, type ChildProcess } from 'node:child_process';
import { lstatSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bytePathFromBuffer, type BytePath } from '#codi/protocol/byte-path.js';
import type { FileEventRecord, IndexRow } from '#codi/protocol/file-event.js';
import { packIndex } from '#codi/protocol/index-page.js';
import { unpackEvents } from '#codi/protocol/packed-events.js';
import { DEFAULT_IGNORES } from '#codi/workers/watch-host/default-ignores.js';
import type {
  FromWatchHost,
  RootOptions,
  ToWatchHost,
} from '#codi/workers/watch-host/watch-host.messages.js';
import { FileEventFold } from './fold-file-events.ts';
import { ROOT_OPTIONS } from './watch-world.ts';

const ENTRY = fileURLToPath(import.meta.resolve('#codi/workers/watch-host/watch-host.process.js'));
const DEADLINE_MS = 20_000;

/** A real watch host process, whose batches are acknowledged and folded as they come. */
export class WatchHostProcess {
  readonly child: ChildProcess;
  readonly messages: FromWatchHost[] = [];
  readonly folds = new Map<number, FileEventFold>();
  readonly events: FileEventRecord[] = [];
  readonly exited: Promise<number | null>;
  #waiting: (() => void)[] = [];
  #error: Error | undefined;

  /** `under`: a program that runs the host's command line, with its own arguments. */
  constructor(under?: readonly [string, ...string[]]) {
    const [execPath, ...execArgv] = under
      ? [...under, process.execPath]
      : [process.execPath, ...process.execArgv];
    this.child = fork(ENTRY, { serialization: 'advanced', detached: true, execPath, execArgv });
    this.exited = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.on('message', (message: FromWatchHost) => this.#onMessage(message));
  }

  send(message: ToWatchHost): void {
    this.child.send(message);
  }

  async watch(
    root: number,
    path: string,
    options: Partial<RootOptions> = {},
    rows: IndexRow[] = [],
  ): Promise<FileEventFold> {
    const fold = new FileEventFold();
    for (const row of rows) fold.entries.set(row.path, { kind: row.kind, stat: row.stat });
    this.folds.set(root, fold);
    const bytes = bytePathFromBuffer(Buffer.from(path));
    this.send({ type: 'watch', root, path: bytes, options: { ...ROOT_OPTIONS, ...options } });
    this.send({ type: 'index', root, page: packIndex(rows).bytes, done: true });
    await this.until(() => this.has('watching', root), 'the root is watched');
    return fold;
  }

  has(type: FromWatchHost['type'], root: number): boolean {
    return this.messages.some(
      (message) => message.type === type && 'root' in message && message.root === root,
    );
  }

  /** Waits for a condition that messages bring about. */
  async until(isTrue: () => boolean, what: string, isCostly = false): Promise<void> {
    const endMs = Date.now() + DEADLINE_MS;
    for (;;) {
      if (this.#error) throw this.#error;
      if (isTrue()) return;
      if (Date.now() > endMs) throw new Error(`not within ${DEADLINE_MS} ms: ${what}`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, 200);
        // Soon after a message, with others that come together with it.
        this.#waiting.push(() => {
          clearTimeout(timer);
          setTimeout(resolve, isCostly ? 20 : 0);
        });
      });
    }
  }

  /** Waits until the folded events of a root equal its directory. */
  async untilEqual(root: number, path: string): Promise<void> {
    const shown = () => {
      const entries = this.folds.get(root)!.entries;
      const lines = [...entries].map(([at, { kind, stat }]) => line(at, kind, stat));
      return lines.sort().join('\n');
    };
    try {
      await this.until(() => shown() === walked(path), `the index equals ${path}`, true);
    } catch (error) {
      const [is, wanted] = [shown().split('\n'), walked(path).split('\n')];
      const extra = is.filter((at) => !wanted.includes(at)).slice(0, 10);
      const missing = wanted.filter((at) => !is.includes(at)).slice(0, 10);
      throw new Error(
        `${String(error)}\nextra: ${extra.join(', ')}\nmissing: ${missing.join(', ')}`,
      );
    }
  }

  async stop(): Promise<void> {
    if (this.child.connected) this.child.disconnect();
    await this.exited;
  }

  #onMessage(message: FromWatchHost): void {
    this.messages.push(message);
    if (message.type === 'changes') {
      const { root, batch } = message;
      const events = unpackEvents(message.events);
      try {
        for (const event of events) this.folds.get(root)?.apply(event);
      } catch (error) {
        this.#error = error as Error;
      }
      for (const event of events) this.events.push(event);
      this.send({ type: 'ack', root, batch });
    }
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** Every entry below a directory, less the default ignores, as sorted lines. */
function walked(root: string): string {
  const lines: string[] = [];
  const visit = (directory: Buffer, prefix: string) => {
    for (const name of readdirSync(directory, { encoding: 'latin1' })) {
      if (DEFAULT_IGNORES.has(name)) continue;
      const path = Buffer.concat([directory, Buffer.from(`/${name}`, 'latin1')]);
      const found = lstatSync(path, { bigint: true });
      const kind = found.isDirectory()
        ? 'dir'
        : found.isFile()
          ? 'file'
          : found.isSymbolicLink()
            ? 'symlink'
            : 'other';
      lines.push(line((prefix + name) as BytePath, kind, found));
      if (kind === 'dir') visit(path, `${prefix}${name}/`);
    }
  };
  try {
    visit(Buffer.from(root), '');
  } catch {
    return 'changing'; // somebody is still writing
  }
  return lines.sort().join('\n');
}

function line(
  path: BytePath,
  kind: string,
  stat: { ino: bigint; size: bigint | number; mtimeNs: bigint },
): string {
  return `${JSON.stringify(path)} ${kind} ${stat.ino}${kind === 'dir' ? '' : ` ${stat.size} ${stat.mtimeNs}`}`;
}
