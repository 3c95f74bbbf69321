import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { MonitorClient } from '#codi/client/monitor-client.js';
import { DEFAULT_IGNORES } from '#codi/workers/watch-host/default-ignores.js';
import { newPlace, startDaemon, type RunningDaemon } from './daemon.ts';
import { allRows } from './oracle.ts';
import { RecordedTrees, walkTree } from './storm/storm-judge.ts';

interface EventRow {
  readonly seq: number;
  readonly event: string;
  readonly path: string;
  readonly from?: string;
  readonly seen: string;
}

/** A daemon for a file of tests, each of which has a watched folder of its own. */
export class WatchingDaemon {
  readonly place = newPlace();
  #daemon: RunningDaemon | undefined;
  #client: MonitorClient | undefined;
  readonly #ignored: ReadonlySet<string>;
  #folders = 0;

  constructor(useDefaultIgnores = true) {
    this.#ignored = new Set(useDefaultIgnores ? DEFAULT_IGNORES.keys() : []);
  }

  async start(env: Record<string, string> = {}): Promise<void> {
    this.#daemon = await startDaemon(this.place, [], {
      env: {
        CODI_MONITOR_SCAN_INTERVAL: '1d',
        CODI_MONITOR_USE_DEFAULT_IGNORES: String(this.#ignored.size > 0),
        ...env,
      },
    });
    this.#client = await this.#daemon.client();
  }

  get pid(): number {
    return this.#daemon!.pid;
  }

  async stop(): Promise<void> {
    await this.#client?.close();
    await this.#daemon?.stop();
    this.place.remove();
  }

  /** A new folder, filled, watched and looked through. */
  async folder(fill: (path: string) => void = () => {}): Promise<WatchedFolder> {
    const path = join(this.place.home, `folder-${++this.#folders}`);
    mkdirSync(path);
    fill(path);
    const folder = new WatchedFolder(path, this.#client!, this.place.dataDir, this.#ignored);
    await folder.watch();
    return folder;
  }

  /** A path beside the watched folders. */
  outside(name: string): string {
    return join(this.place.home, `${name}-${++this.#folders}`);
  }
}

export class WatchedFolder {
  readonly path: string;
  readonly #client: MonitorClient;
  readonly #dataDir: string;
  readonly #ignored: ReadonlySet<string>;
  #seq = 0;

  constructor(path: string, client: MonitorClient, dataDir: string, ignored: ReadonlySet<string>) {
    this.#ignored = ignored;
    this.path = path;
    this.#client = client;
    this.#dataDir = dataDir;
  }

  at(name: string): string {
    return join(this.path, name);
  }

  async watch(): Promise<void> {
    await this.#client.request('StartMonitoring', {
      path: this.path,
      recursive: true,
      patterns: [],
    });
    await this.sync();
    await this.events();
  }

  async sync(): Promise<void> {
    await this.#client.request('Sync', { timeout_ms: 30_000 });
  }

  /** What was recorded since the last call, as short lines. Nothing is asked to look: hints alone found it. */
  async events(): Promise<string[]> {
    return (await this.rows()).map(
      ({ event, from, path }) => `${event} ${from ? `${from} > ` : ''}${path}`,
    );
  }

  async rows(): Promise<EventRow[]> {
    const filter = { root: this.path };
    const found = await allRows(this.#client, 'QueryEvents', 'events', { filter, order: 'oldest' });
    const rows = found as unknown as EventRow[];
    const fresh = rows.filter(({ seq }) => seq > this.#seq);
    this.#seq = Math.max(this.#seq, ...fresh.map(({ seq }) => seq));
    return fresh;
  }

  /** Waits, without asking for a sweep, until index and folded events equal the disk. */
  async untilExact(timeoutMs = 10_000): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    for (;;) {
      const wrong = this.#differences();
      if (wrong.length === 0) return;
      if (performance.now() > endMs) expect(wrong, 'not recorded as it is').toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  #differences(): string[] {
    const recorded = new RecordedTrees(this.#dataDir);
    try {
      const wanted = walkTree(
        this.path,
        (_path, name) => (this.#ignored.has(name) ? 'no' : 'yes'),
        true,
      );
      const index = recorded.index(this.path);
      const folded = recorded.folded(this.path);
      const paths = new Set([...wanted.keys(), ...index.keys(), ...folded.keys()]);
      return [...paths]
        .filter(
          (path) => wanted.get(path) !== index.get(path) || index.get(path) !== folded.get(path),
        )
        .map((path) => `${path}: ${wanted.get(path)}, ${index.get(path)}, ${folded.get(path)}`);
    } finally {
      recorded.close();
    }
  }
}
