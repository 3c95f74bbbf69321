import type { ActorRef } from '../../supervisor/index.ts';
import type { BytePath } from '../../protocol/byte-path.ts';
import type {
  FromWatchHost,
  RootOptions,
  ToWatchHost,
} from '../../workers/watch-host/watch-host.messages.ts';
import { hostKind } from './host-placement.ts';

/**
 * What a watcher hears of its host. `hostEpoch` fences news of a host that is gone, `watch` what a living host
 * said of a watch that has ended since.
 */
export type HostNews =
  | { type: 'hostUp'; hostEpoch: number }
  | { type: 'hostDown'; hostEpoch: number }
  | { type: 'fromHost'; watch: number; message: RootNews };

/** What a host says of one root. */
export type RootNews = Extract<FromWatchHost, { root: number }>;

type WithoutRoot<Message> = Message extends { root: number } ? Omit<Message, 'root'> : never;
/** What a watcher tells the host about its present watch. */
export type WatchOrder = WithoutRoot<Exclude<ToWatchHost, { type: 'watch' }>>;

interface HostSlot {
  epoch: number;
  post: ((message: ToWatchHost) => void) | undefined;
}
interface WatcherSlot {
  /** Undefined on its way from one host to another. */
  host: string | undefined;
  ref: ActorRef<HostNews>;
  /** Number of its present watch; 0 before the first. */
  watch: number;
}

/**
 * Who watches what: roots to hosts and to watchers. A host knows each watch by a number that is never used
 * again, because it may still speak of a watch after its watcher has been replaced. It belongs to no incarnation, so watchers and
 * hosts find each other again after either side restarts.
 */
export class HostRouter {
  readonly #hosts = new Map<string, HostSlot>();
  readonly #watchers = new Map<number, WatcherSlot>();
  readonly #watches = new Map<number, WatcherSlot>();
  /** Hosts whose roots are polled, and why. */
  readonly #polled = new Map<string, string>();
  #nextWatch = 1;

  hostUp(host: string, epoch: number, post: (message: ToWatchHost) => void): void {
    this.#hosts.set(host, { epoch, post });
    this.#tell(host, { type: 'hostUp', hostEpoch: epoch });
  }

  hostDown(host: string, epoch: number): void {
    const slot = this.#hosts.get(host);
    if (!slot || slot.epoch !== epoch) return;
    slot.post = undefined;
    this.#tell(host, { type: 'hostDown', hostEpoch: epoch });
  }

  attachWatcher(root: number, host: string, ref: ActorRef<HostNews>): void {
    this.detachWatcher(root);
    this.#watchers.set(root, { host: undefined, ref, watch: 0 });
    this.assign(root, host);
  }

  /** Ends the present watch of this root; its watcher hears of no host until it is assigned to one. */
  leaveHost(root: number): void {
    const watcher = this.#watchers.get(root);
    if (!watcher) return;
    if (this.#watches.delete(watcher.watch)) this.#send(watcher, { type: 'unwatch' });
    watcher.host = undefined;
  }

  assign(root: number, host: string): void {
    const watcher = this.#watchers.get(root);
    if (!watcher) return;
    watcher.host = host;
    const slot = this.#hosts.get(host);
    if (slot?.post) watcher.ref.send({ type: 'hostUp', hostEpoch: slot.epoch });
  }

  detachWatcher(root: number): void {
    const watcher = this.#watchers.get(root);
    if (watcher) this.#watches.delete(watcher.watch);
    this.#watchers.delete(root);
  }

  /** Begins a watch of this root in place of the one before, and gives its number. */
  watch(root: number, path: BytePath, options: RootOptions): number {
    const watcher = this.#watchers.get(root);
    if (!watcher) return 0;
    if (this.#watches.delete(watcher.watch)) this.#send(watcher, { type: 'unwatch' });
    watcher.watch = this.#nextWatch++;
    this.#watches.set(watcher.watch, watcher);
    const { host } = watcher;
    if (host === undefined) return watcher.watch;
    const pollReason = this.#polled.get(host);
    const chosen: RootOptions = {
      ...options,
      isRecursiveHost: hostKind(host) === 'parcel',
      ...(pollReason !== undefined && { hintSource: 'none', pollReason }),
    };
    const order = { type: 'watch', root: watcher.watch, path, options: chosen } as const;
    this.#hosts.get(host)?.post?.(order);
    return watcher.watch;
  }

  /** From the next watch on, roots of this host are polled. */
  poll(host: string, reason: string): void {
    this.#polled.set(host, reason);
  }

  isPolled(host: string): boolean {
    return this.#polled.has(host);
  }

  /** To the host of this root; a message for a host that is away is dropped, its successor starts afresh. */
  post(root: number, order: WatchOrder): void {
    const watcher = this.#watchers.get(root);
    if (watcher && watcher.watch > 0) this.#send(watcher, order);
  }

  /** To every host that is up. */
  postAll(message: ToWatchHost): void {
    for (const { post } of this.#hosts.values()) post?.(message);
  }

  /** It was stopped for good. */
  forgetHost(host: string): void {
    this.#hosts.delete(host);
    this.#polled.delete(host);
  }

  /** From a host to the watcher whose present watch it speaks of. */
  deliver(host: string, message: FromWatchHost): void {
    if (!('root' in message)) return;
    const watcher = this.#watches.get(message.root);
    if (watcher?.host === host)
      watcher.ref.send({ type: 'fromHost', watch: message.root, message });
  }

  rootsOf(host: string): number {
    let count = 0;
    for (const watcher of this.#watchers.values()) if (watcher.host === host) count += 1;
    return count;
  }

  #send(watcher: WatcherSlot, order: WatchOrder): void {
    if (watcher.host === undefined) return;
    this.#hosts.get(watcher.host)?.post?.({ ...order, root: watcher.watch } as ToWatchHost);
  }

  #tell(host: string, news: HostNews): void {
    for (const watcher of this.#watchers.values())
      if (watcher.host === host) watcher.ref.send(news);
  }
}
