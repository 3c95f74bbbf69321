import type { Scope } from '../../supervisor/index.ts';
import type { Push } from '../../workers/debug/debug.messages.ts';
import type { DebugPorts } from './ports.ts';
import { crashView, reportView } from './report-view.ts';
import { treeDeltaView, treeNodeView } from './tree-view.ts';

/** At least so long between two pushes. */
const PUSH_INTERVAL_MS = 250;
/** The runtime logs changes of the tree only while somebody reads them. */
const KEEP_READING_MS = 20_000;
/** What the runtime keeps of each. */
const REPORTS_MAX = 500;
const CRASHES_MAX = 200;
const CRASH_REPORTS = new Set(['crash', 'childExited', 'startFailed']);

type FeedPorts = Pick<DebugPorts, 'system' | 'reportCount' | 'onReport'>;

/**
 * Tells the debug thread what changed: the tree as deltas, reports, crashes. Many changes are one push, and the next
 * push waits for the thread to have taken the one before.
 */
export class Feed {
  readonly #ports: FeedPorts;
  readonly #scope: Scope;
  readonly #monotonicMs: () => number;
  readonly #send: (push: Push) => void;
  #treeSeq: number | undefined;
  #reportsTold = 0;
  #newCrashes = CRASHES_MAX;
  #unseenPushes = 0;
  #sentAtMs = -Infinity;
  #isDirty = false;
  #isTimed = false;

  constructor(
    ports: FeedPorts,
    scope: Scope,
    monotonicMs: () => number,
    send: (push: Push) => void,
  ) {
    this.#ports = ports;
    this.#scope = scope;
    this.#monotonicMs = monotonicMs;
    this.#send = send;
  }

  start(): void {
    const { system, onReport } = this.#ports;
    const onTree = this.#scope.wrap(() => this.#changed());
    const onNews = this.#scope.wrap((kind: string) => {
      if (CRASH_REPORTS.has(kind)) this.#newCrashes += 1;
      this.#changed();
    });
    this.#scope.defer('tree changes', system().onTreeChange(onTree));
    this.#scope.defer('reports', onReport(onNews));
    this.#scope.every(KEEP_READING_MS, () => {
      if (this.#unseenPushes === 0) this.flush();
    });
    this.#push();
  }

  /** The thread has taken a push. */
  taken(): void {
    this.#unseenPushes = Math.max(0, this.#unseenPushes - 1);
    if (this.#isDirty) this.#changed();
  }

  /** Whatever is new leaves now, before an answer that follows. */
  flush(): void {
    this.#ports.system().recheckTree();
    this.#push();
  }

  #changed(): void {
    this.#isDirty = true;
    if (this.#isTimed || this.#unseenPushes > 0) return;
    const waitMs = this.#sentAtMs + PUSH_INTERVAL_MS - this.#monotonicMs();
    this.#isTimed = true;
    this.#scope.after(Math.ceil(Math.max(0, waitMs)), () => {
      this.#isTimed = false;
      if (this.#isDirty) this.#push();
    });
  }

  #push(): void {
    this.#isDirty = false;
    const push = { ...this.#treeNews(), ...this.#reportNews(), ...this.#crashNews() };
    if (Object.keys(push).length === 0) return;
    this.#sentAtMs = this.#monotonicMs();
    this.#unseenPushes += 1;
    this.#send(push);
  }

  #treeNews(): Push {
    const system = this.#ports.system();
    const found = this.#treeSeq === undefined ? undefined : system.treeDeltas(this.#treeSeq);
    if (found?.ok) {
      this.#treeSeq = found.seq;
      return found.deltas.length === 0 ? {} : { deltas: found.deltas.map(treeDeltaView) };
    }
    const { seq, root } = system.treeSnapshot();
    this.#treeSeq = seq;
    return { tree: { seq, root: treeNodeView(root) } };
  }

  #reportNews(): Push {
    const { system, reportCount } = this.#ports;
    const count = reportCount();
    const newCount = Math.min(count - this.#reportsTold, REPORTS_MAX);
    this.#reportsTold = count;
    if (newCount === 0) return {};
    const records = system().recentReports(newCount).reverse();
    const firstSeq = count - records.length + 1;
    return { reports: records.map((record, index) => reportView(record, firstSeq + index)) };
  }

  /** Each crash moves its record to the front: as many records as there were crashes hold all that changed. */
  #crashNews(): Push {
    const count = Math.min(this.#newCrashes, CRASHES_MAX);
    this.#newCrashes = 0;
    if (count === 0) return {};
    const crashes = this.#ports.system().crashes(count).reverse();
    return crashes.length === 0 ? {} : { crashes: crashes.map(crashView) };
  }
}
