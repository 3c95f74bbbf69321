import type { FollowedRows } from '../client/follow.ts';
import type { EventRow, LogRow } from '../protocol/messages.ts';
import { plural, showCount, showDuration, showShortDuration } from './amounts.ts';
import { BurstFold, LIVE_FOLD } from './burst-fold.ts';
import type { FoldSummary } from './burst-fold.ts';
import { terminalColumns } from './cli-io.ts';
import type { DaemonNews } from './daemon-process.ts';
import type { Invocation } from './invocation.ts';
import { joinFitting } from './fitting-parts.ts';
import { createLayout, FileSizes } from './layout.ts';
import { eventRowJson, logRowJson } from './row-json.ts';
import { eventLine, logLine, noticeLine } from './row-lines.ts';
import { safeText } from './safe-text.ts';
import { shortenMiddle } from './text-width.ts';

type Ready = Extract<DaemonNews, { type: 'ready' }>;
type Restarted = Extract<DaemonNews, { type: 'actor' }>;
type Stopped = Extract<DaemonNews, { type: 'stopped' }>;

const EARLY_LIMIT = 20;

/** What `codi up` prints: rows as they are committed, bursts folded on a terminal. */
export class LiveView {
  readonly #invocation: Invocation;
  readonly #layout;
  readonly #sizes = new FileSizes();
  readonly #isFolding: boolean;
  readonly #eventFold = new BurstFold(LIVE_FOLD);
  readonly #logFold = new BurstFold(LIVE_FOLD);
  /** Restarts that were told before the header was printed. */
  #early: Restarted[] | undefined = [];

  constructor(invocation: Invocation) {
    this.#invocation = invocation;
    this.#layout = createLayout(invocation, this.#sizes);
    this.#isFolding = terminalColumns(invocation.io.stdout) !== undefined;
  }

  /** The lines at the top. */
  async header(ready: Ready): Promise<void> {
    await this.#top(ready);
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const restart of early) await this.restarted(restart);
  }

  async #top(ready: Ready): Promise<void> {
    const { io, globals, style } = this.#invocation;
    if (globals.json || globals.quiet) return;
    const home = (path: string) => safeText(withTilde(path, io.homeDir));
    const columns = terminalColumns(io.stdout);
    const [first, ...others] = ready.roots;
    const place = [
      `codi ${ready.version}`,
      ...(first === undefined ? [] : [{ path: safeText(first), after: andMore(others.length) }]),
      { before: 'data ', path: home(ready.dataDir) },
      `pid ${ready.pid}`,
    ];
    const watching = [
      `watching ${plural(ready.roots.length, 'root')}, ${plural(ready.files, 'file')}`,
      { before: 'socket ', path: safeText(ready.socketPath) },
      `ready in ${showDuration(Math.max(ready.readyMs, 100))}`,
    ];
    await this.#lines([
      style.bold(joinFitting(place, columns)),
      style.dim(joinFitting(watching, columns)),
      ...(ready.httpUrl === undefined
        ? []
        : [style.dim(joinFitting([`metrics and health at ${safeText(ready.httpUrl)}`], columns))]),
    ]);
  }

  async rows(followed: FollowedRows): Promise<void> {
    const { out, globals } = this.#invocation;
    if (followed.stream === 'logs') {
      for (const row of followed.rows) {
        if (globals.json) await out.json(logRowJson(row));
        else await this.#log(row);
      }
    } else {
      for (const row of followed.rows) {
        if (globals.json) await out.json(eventRowJson(row));
        else await this.#event(row);
      }
    }
    await this.settle();
    await out.flush();
  }

  /** Prints the summaries of bursts that are over; to be called now and then. */
  async settle(isForced = false): Promise<void> {
    const nowMs = this.#invocation.io.nowMs();
    const events = this.#eventFold.settle(nowMs, isForced);
    const logs = this.#logFold.settle(nowMs, isForced);
    if (events) await this.#lines([this.#foldLine(events, 'in')]);
    if (logs) await this.#lines([this.#foldLine(logs, 'from')]);
  }

  async restarted(restart: Restarted): Promise<void> {
    if (this.#invocation.globals.json) return;
    if (this.#early) {
      if (this.#early.length < EARLY_LIMIT) this.#early.push(restart);
      return;
    }
    const { path, reason, afterMs } = restart;
    const text = `${path} ${reason}, back in ${showShortDuration(afterMs)}`;
    await this.#lines([noticeLine('restart', text, this.#layout)]);
  }

  async notice(word: string, text: string): Promise<void> {
    if (this.#invocation.globals.json) return;
    await this.#lines([noticeLine(word, text, this.#layout)]);
  }

  /** `stopped in 0.2 s, all 12,448 entries on disk` */
  async stopped({ durationMs, entries, unstopped }: Stopped): Promise<void> {
    const { globals, out } = this.#invocation;
    if (globals.json || globals.quiet) return;
    await this.settle(true);
    const kept = entries === 1 ? 'the one entry' : `all ${showCount(entries)} entries`;
    const late = unstopped.map(safeText).join(', ');
    const lateText = late === '' ? '' : `; cut short: ${late}`;
    const duration = showDuration(Math.max(durationMs, 100));
    await out.line(`stopped in ${duration}, ${kept} on disk${lateText}`);
    await out.flush();
  }

  async #event(row: EventRow): Promise<void> {
    const place = row.path.includes('/') ? row.path.slice(0, row.path.lastIndexOf('/')) : '';
    if (!this.#isFolding || this.#eventFold.admit(place, this.#invocation.io.nowMs())) {
      await this.#invocation.out.line(eventLine(row, this.#layout));
    }
    this.#sizes.learn(row);
  }

  async #log(row: LogRow): Promise<void> {
    if (this.#isFolding && !this.#logFold.admit(row.component, this.#invocation.io.nowMs())) return;
    await this.#invocation.out.line(logLine(row, this.#layout));
  }

  #foldLine({ count, place, durationMs }: FoldSummary, word: 'in' | 'from'): string {
    const where = place === '' ? '' : ` ${word} ${safeText(place)}`;
    const what = word === 'from' ? ' entries' : '';
    const text = `+ ${showCount(count)} more${what}${where}, ${showDuration(durationMs)}`;
    return this.#invocation.style.dim(this.#fit(`${' '.repeat(10)}${text}`));
  }

  async #lines(lines: readonly string[]): Promise<void> {
    const { out } = this.#invocation;
    for (const line of lines) await out.line(line);
    await out.flush();
  }

  #fit(text: string): string {
    const columns = terminalColumns(this.#invocation.io.stdout);
    return columns === undefined ? text : shortenMiddle(text, columns);
  }
}

function withTilde(path: string, home: string): string {
  return home !== '' && (path === home || path.startsWith(`${home}/`))
    ? `~${path.slice(home.length)}`
    : path;
}

function andMore(count: number): string {
  return count === 0 ? '' : ` and ${count} more`;
}
