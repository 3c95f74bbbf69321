import type { ReportView } from '../../protocol/debug/report-views.ts';
import type { Push } from './debug.messages.ts';
import type { Known } from './known.ts';
import type { Session } from './session.ts';
import type { Subscription } from './subscription.ts';

/** A client that lost deltas is behind: the next it gets is a snapshot. */
interface TreeWatcher {
  subscription: Subscription;
  isBehind: boolean;
}

interface ReportWatcher {
  subscription: Subscription;
  path: string | undefined;
}

/** Clients that follow the tree and the reports. All are fed from what is pushed to this thread anyway. */
export class Watchers {
  readonly #known: Known;
  readonly #trees = new Set<TreeWatcher>();
  readonly #reports = new Set<ReportWatcher>();

  constructor(known: Known) {
    this.#known = known;
  }

  /** A snapshot first, then what changes, without a gap. */
  watchTree(session: Session, onEnd: () => void): Subscription {
    const watcher: TreeWatcher = {
      subscription: session.subscribe(
        () => {
          this.#trees.delete(watcher);
          onEnd();
        },
        () => this.#catchUp(watcher),
      ),
      isBehind: true,
    };
    this.#trees.add(watcher);
    this.#catchUp(watcher);
    return watcher.subscription;
  }

  watchReports(session: Session, limit: number, path: string | undefined): Subscription {
    const watcher: ReportWatcher = {
      subscription: session.subscribe(() => this.#reports.delete(watcher)),
      path,
    };
    for (const report of this.#known.reports(limit, path).reverse())
      watcher.subscription.offer(report);
    this.#reports.add(watcher);
    return watcher.subscription;
  }

  /** What the known was just given. */
  take({ tree, deltas, reports }: Push): void {
    for (const watcher of this.#trees) {
      if (tree) watcher.isBehind = true;
      if (watcher.isBehind) this.#catchUp(watcher);
      else if (deltas)
        watcher.isBehind = !watcher.subscription.offer({ kind: 'deltas', deltas }, deltas.length);
    }
    for (const report of reports ?? []) this.#tell(report);
  }

  #tell(report: ReportView): void {
    for (const { subscription, path } of this.#reports)
      if (path === undefined || path === report.path) subscription.offer(report);
  }

  #catchUp(watcher: TreeWatcher): void {
    const root = watcher.isBehind ? this.#known.tree.tree() : undefined;
    if (!root) return;
    const { seq } = this.#known.tree;
    watcher.isBehind = !watcher.subscription.offer({ kind: 'snapshot', seq, root });
  }
}
