import type { ActorRef } from '../../supervisor/index.ts';
import type { FromWatchHost, ToWatchHost } from '../../workers/watch-host/watch-host.messages.ts';

/** What a watcher hears of its host; `hostEpoch` fences messages of a host that is gone. */
export type HostNews =
  | { type: 'hostUp'; hostEpoch: number }
  | { type: 'hostDown'; hostEpoch: number }
  | { type: 'fromHost'; hostEpoch: number; message: FromWatchHost };

interface HostSlot {
  epoch: number;
  post: ((message: ToWatchHost) => void) | undefined;
}

/**
 * Who watches what: root numbers to hosts and to watchers. It belongs to no incarnation, so watchers and
 * hosts find each other again after either side restarts.
 */
export class HostRouter {
  readonly #hosts = new Map<string, HostSlot>();
  readonly #watchers = new Map<number, { host: string; ref: ActorRef<HostNews> }>();

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
    this.#watchers.set(root, { host, ref });
    const slot = this.#hosts.get(host);
    if (slot?.post) ref.send({ type: 'hostUp', hostEpoch: slot.epoch });
  }

  detachWatcher(root: number): void {
    this.#watchers.delete(root);
  }

  /** To the host of this root; a message for a host that is away is dropped, its successor starts afresh. */
  post(root: number, message: ToWatchHost): void {
    const watcher = this.#watchers.get(root);
    if (watcher) this.#hosts.get(watcher.host)?.post?.(message);
  }

  /** From a host to the watcher of the root it speaks of. */
  deliver(host: string, epoch: number, message: FromWatchHost): void {
    if (!('root' in message)) return;
    const watcher = this.#watchers.get(message.root);
    if (watcher?.host === host) watcher.ref.send({ type: 'fromHost', hostEpoch: epoch, message });
  }

  rootsOf(host: string): number {
    let count = 0;
    for (const watcher of this.#watchers.values()) if (watcher.host === host) count += 1;
    return count;
  }

  #tell(host: string, news: HostNews): void {
    for (const watcher of this.#watchers.values())
      if (watcher.host === host) watcher.ref.send(news);
  }
}
