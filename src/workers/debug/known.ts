import type { ActorStatsView, TopFrameView } from '../../protocol/debug/actor-views.ts';
import type { CrashView, ReportView } from '../../protocol/debug/report-views.ts';
import type { BusyView, Freshness } from '../../protocol/debug/tree-views.ts';
import type { BareStats, Push } from './debug.messages.ts';
import { TreeMirror } from './tree-mirror.ts';

/** What is kept here is what the runtime keeps itself: reports, and crashes by fingerprint. */
const REPORTS_MAX = 500;
const CRASHES_MAX = 200;
/** How far behind the main thread a push may be. */
const PUSH_LAG_MS = 250;

/** What the main thread told last: what is served while it does not answer. */
export class Known {
  readonly tree: TreeMirror;
  stats: { actors: ActorStatsView[]; atMs: number } | undefined;
  frame: { frame: TopFrameView; atMs: number } | undefined;
  readonly #monotonicMs: () => number;
  readonly #crashes = new Map<string, CrashView>();
  #reports: ReportView[] = [];
  #toldAtMs = 0;

  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    this.tree = new TreeMirror(monotonicMs);
  }

  take({ tree, deltas, reports, crashes }: Push): void {
    if (tree) this.tree.reset(tree.seq, tree.root);
    if (deltas) this.tree.apply(deltas);
    if (reports) this.#reports = [...this.#reports, ...reports].slice(-REPORTS_MAX);
    for (const crash of crashes ?? []) this.#addCrash(crash);
    this.confirm();
  }

  /** The main thread said just now that nothing else is new. */
  confirm(): void {
    this.#toldAtMs = this.#monotonicMs();
  }

  withState(stats: BareStats): ActorStatsView {
    const { path, epoch, ...numbers } = stats;
    return { path, epoch, state: this.tree.node(path)?.node.state ?? 'gone', ...numbers };
  }

  /** Latest first. */
  crashes(limit: number, path?: string, fingerprint?: string): CrashView[] {
    const isWanted = (crash: CrashView) =>
      (path === undefined || crash.path === path) &&
      (fingerprint === undefined || crash.fingerprint.startsWith(fingerprint));
    return [...this.#crashes.values()].reverse().filter(isWanted).slice(0, limit);
  }

  /** Latest first. */
  reports(limit: number, path?: string): ReportView[] {
    const latest = [...this.#reports].reverse();
    const wanted = path === undefined ? latest : latest.filter((report) => report.path === path);
    return wanted.slice(0, limit);
  }

  /**
   * How old the tree, reports and crashes are while the main thread is busy: what happened before it got stuck has
   * been pushed, but for the last moment.
   */
  staleness(busy: BusyView): Freshness {
    const sinceToldMs = this.#monotonicMs() - this.#toldAtMs;
    return { stale_ms: Math.round(Math.min(sinceToldMs, busy.busy_ms + PUSH_LAG_MS)), busy };
  }

  #addCrash(crash: CrashView): void {
    this.#crashes.delete(crash.fingerprint);
    this.#crashes.set(crash.fingerprint, crash);
    const [oldest] = this.#crashes.keys();
    if (this.#crashes.size > CRASHES_MAX) this.#crashes.delete(oldest!);
  }
}
