import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { DebugClient, TreeNodeView } from '#codi/client/index.js';
import { isCodiError } from '#codi/protocol/errors.js';
import { deadline, eventually } from '../deadline.ts';
import type { SoakPlace } from './soak-place.ts';

const MEBIBYTE = 1024 * 1024;
/** Come and go with whatever is under way: work, not resources. */
const PASSING = new Set(['Immediate', 'FSReqPromise', 'FSReqCallback', 'TickObject']);
/** SQLite keeps the descriptor of a database for its next connection: as many as there ever were at a time. */
const SQLITE_KEEPS = /^<data>\/(ledger|state)\.db$/;

export type Tally = Record<string, number>;
/** Numbers by name, as they are printed. */
export type Sample = Record<string, number>;

/** What may not be more when nothing goes on any more. */
export type Held = Tally;

/** What the process says of itself; bytes. */
interface Measured extends Heap {
  type: string;
  threads: (Heap & { name: string })[];
  handles: string[];
}

interface Heap {
  heapUsed: number;
  external: number;
}

/** Looks at one daemon from outside, through its debug socket, its metrics and /proc. */
export class SoakLook {
  readonly #place: SoakPlace;
  readonly #debug: DebugClient;

  private constructor(place: SoakPlace, debug: DebugClient) {
    this.#place = place;
    this.#debug = debug;
  }

  static async open(place: SoakPlace): Promise<SoakLook> {
    return new SoakLook(place, await place.daemon.debug());
  }

  close(): void {
    this.#debug.close();
  }

  async held(): Promise<Held> {
    const { pid } = this.#place.daemon;
    const { resources, orphans, unstopped } = await patiently(() => this.#debug.call('leaks', {}));
    if (orphans.length + unstopped.length > 0)
      throw new Error(`belongs to nobody: ${JSON.stringify({ orphans, unstopped })}`);
    const { handles } = await this.#measure(false);
    const hosts = childrenOf(pid);
    const { codi_clients: clients = 0 } = await this.metrics();
    const ofHosts = hosts.map((host, index) => ({
      ...named(`host ${index} descriptor`, this.#descriptors(host)),
      [`host ${index} threads`]: threadsOf(host),
    }));
    const held = resources.map(({ owner, kind, name }) => {
      const what = kind === 'timer' ? '' : ` ${name.replace(/\d+$/, '#')}`;
      return `${kindOf(owner.split('#')[0]!)} ${kind}${what}`;
    });
    return {
      threads: threadsOf(pid),
      clients,
      hosts: hosts.length,
      'inotify watches': hosts.reduce((sum, host) => sum + inotifyWatches(host), 0),
      ...named('descriptor', this.#descriptors(pid)),
      ...Object.assign({}, ...ofHosts),
      ...named('actor', tally((await this.#actors()).map(kindOf))),
      ...named('handle', tally(handles.filter((name) => !PASSING.has(name)))),
      ...named('held by', tally(held)),
    };
  }

  async sample(): Promise<Sample> {
    const { pid } = this.#place.daemon;
    const { heapUsed, external, threads } = await this.#measure(true);
    const metrics = await this.metrics();
    const hosts = childrenOf(pid);
    const sum = (of: (host: number) => number) => hosts.reduce((all, host) => all + of(host), 0);
    const heaps: Sample = {};
    for (const thread of threads) {
      const name = `heap of ${thread.name} MiB`;
      heaps[name] = (heaps[name] ?? 0) + (thread.heapUsed + thread.external) / MEBIBYTE;
    }
    return {
      'RSS MiB': memoryOf(pid, 'VmRSS'),
      'anonymous MiB': memoryOf(pid, 'RssAnon'),
      'heap MiB': heapUsed / MEBIBYTE,
      'external MiB': external / MEBIBYTE,
      'hosts RSS MiB': sum((host) => memoryOf(host, 'VmRSS')),
      'hosts anonymous MiB': sum((host) => memoryOf(host, 'RssAnon')),
      ...heaps,
      descriptors: readdirSync(`/proc/${pid}/fd`).length,
      threads: threadsOf(pid),
      children: hosts.length,
      'hosts descriptors': sum((host) => readdirSync(`/proc/${host}/fd`).length),
      'hosts threads': sum(threadsOf),
      'inotify watches': sum(inotifyWatches),
      actors: (await this.#actors()).length,
      'processor s': metrics['process_cpu_seconds_total'] ?? 0,
      waiting: metrics['codi_mailbox_messages'] ?? 0,
      'spool files': metrics['codi_spool_files'] ?? 0,
      'export backlog': metrics['codi_export_backlog'] ?? 0,
      ...this.#files(),
    };
  }

  /** Sums over all labels. */
  async metrics(): Promise<Sample> {
    const url = new URL('/metrics', this.#place.daemon.ready.httpUrl);
    const answer = await fetch(url, { headers: { connection: 'close' } });
    const sums: Sample = {};
    for (const line of (await answer.text()).split('\n')) {
      const [, name, value] = /^([a-z_]+)(?:\{.*\})? (\S+)$/.exec(line) ?? [];
      if (name !== undefined) sums[name] = (sums[name] ?? 0) + Number(value);
    }
    return sums;
  }

  async #actors(): Promise<string[]> {
    const paths = (node: TreeNodeView): string[] => [node.path, ...node.children.flatMap(paths)];
    return paths(await patiently(() => this.#debug.tree()));
  }

  #measure(collects: boolean): Promise<Measured> {
    const { process: child } = this.#place.daemon;
    const measured = new Promise<Measured>((resolve) => {
      const listen = (message: Measured) => {
        if (message.type !== 'measured') return;
        child.off('message', listen);
        resolve(message);
      };
      child.on('message', listen);
    });
    child.send({ type: 'measure', collects });
    return deadline('measurements', measured, 60_000);
  }

  #descriptors(pid: number): Tally {
    const { dataDir } = this.#place;
    const names = readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const name = targetOf(`/proc/${pid}/fd/${fd}`)
        ?.replace(/:\[\d+\]$/, '')
        .replace(dataDir, '<data>');
      return name === undefined || SQLITE_KEEPS.test(name) ? [] : [name];
    });
    return tally(names);
  }

  #files(): Sample {
    const { dataDir } = this.#place;
    const entries = readdirSync(dataDir, { withFileTypes: true, recursive: true });
    const sizeOf = (name: string) => statSync(join(dataDir, name)).size / MEBIBYTE;
    return {
      'ledger.db MiB': sizeOf('ledger.db'),
      'ledger.db-wal MiB': sizeOf('ledger.db-wal'),
      'state.db MiB': sizeOf('state.db'),
      'state.db-wal MiB': sizeOf('state.db-wal'),
      'files kept': entries.filter((entry) => entry.isFile()).length,
    };
  }
}

/** The main thread may be collecting its heap. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  const isBusy = (error: unknown) => isCodiError(error) && error.code === 'CODI_ACTOR_BUSY';
  const { answer } = await eventually('an answer about the tree', () =>
    ask().then(
      (answer) => ({ answer }),
      (error: unknown) => (isBusy(error) ? false : Promise.reject(error as Error)),
    ),
  );
  return answer;
}

/** The path of an actor without what numbers and names tell one from another. */
function kindOf(path: string): string {
  if (path.startsWith('watching/watchers/')) return 'watching/watchers/*';
  return path.replace(/\d+$/, '#');
}

function targetOf(link: string): string | undefined {
  try {
    return readlinkSync(link);
  } catch {
    return undefined; // it was closed meanwhile
  }
}

function named(prefix: string, counts: Tally): Tally {
  return Object.fromEntries(
    Object.entries(counts).map(([name, count]) => [`${prefix} ${name}`, count]),
  );
}

function tally(names: readonly string[]): Tally {
  const counts: Tally = {};
  for (const name of names.toSorted()) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

function threadsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/task`).length;
}

function childrenOf(pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
    )
    .map(Number)
    .toSorted((one, two) => one - two);
}

function memoryOf(pid: number, field: 'VmRSS' | 'RssAnon'): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(status)?.[1] ?? 0) / 1024;
}

function inotifyWatches(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).reduce((sum, fd) => {
    if (targetOf(`/proc/${pid}/fd/${fd}`) !== 'anon_inode:inotify') return sum;
    const info = readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8');
    return sum + (info.match(/^inotify /gm)?.length ?? 0);
  }, 0);
}
