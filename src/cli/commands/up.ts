import type { ChildProcess } from 'node:child_process';
import type { Command } from 'commander';
import { CodiError } from '../../protocol/errors.ts';
import { readPath } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import { lastLogLines, openDaemonLog } from '../daemon-log.ts';
import type { DaemonLog } from '../daemon-log.ts';
import { endOf, monitorArguments, startDaemonProcess } from '../daemon-process.ts';
import type { DaemonEnd, DaemonNews } from '../daemon-process.ts';
import { followRows } from '../follow-rows.ts';
import { headsOf } from '../row-source.ts';
import type { Invocation } from '../invocation.ts';
import { LiveView } from '../live-view.ts';
import { withProgress } from '../progress.ts';

const SETTLE_MS = 200;

type Ready = Extract<DaemonNews, { type: 'ready' }>;

interface UpOptions {
  poll?: boolean;
}

/** `codi up [path…]` */
export function define(command: Command, context: CliContext): void {
  command
    .argument('[paths...]', 'the folders to watch (the current one when absent)')
    .option('--poll', 'look through the folders every monitor.poll_interval, without file watches')
    .addHelpText(
      'after',
      `
Runs the daemon and shows what is recorded. Ctrl-C stops it in order; a second one at once.

Examples:
  codi up
  codi up ~/shop ~/notes
  codi up --data-dir /tmp/try-codi`,
    )
    .action((paths: string[], options: UpOptions) =>
      context.run(command, async (invocation) => {
        const wanted = paths.length > 0 ? paths : [invocation.io.cwd];
        const roots = wanted.map((path) => readPath(path, invocation));
        return runInForeground(roots, options, invocation);
      }),
    );
}

async function runInForeground(
  roots: string[],
  { poll }: UpOptions,
  invocation: Invocation,
): Promise<number> {
  const { io, globals } = invocation;
  const log = openDaemonLog((await invocation.endpoint()).dataDir);
  try {
    const child = startDaemonProcess(io, monitorArguments(globals, roots, poll), {
      logFd: log.fd,
      hasChannel: true,
      // A person sits in front of it: killing actors is allowed.
      env: { CODI_DEBUG_WRITE: '1' },
    });
    const view = new LiveView(invocation);
    const daemon = new ForegroundDaemon(child, view);
    const stops = (['SIGINT', 'SIGTERM', 'SIGHUP'] as const).map((name) =>
      io.onSignal(name, () => daemon.stop()),
    );
    invocation.out.whenGone(() => daemon.stop());
    try {
      const ready = await withProgress(invocation, 'starting', () => daemon.ready);
      if (ready) await show(ready, daemon, view, invocation);
      return await conclude(await daemon.ended, daemon, { view, log, invocation });
    } finally {
      daemon.stop();
      await daemon.ended;
      for (const stop of stops) stop();
    }
  } finally {
    log.close();
  }
}

/** The daemon process as the foreground command sees it. */
class ForegroundDaemon {
  readonly ready: Promise<Ready | undefined>;
  readonly ended: Promise<DaemonEnd>;
  /** Aborted when the daemon was asked to stop, or stopped. */
  readonly leaving = new AbortController();
  last: Extract<DaemonNews, { type: 'stopped' | 'failed' }> | undefined;
  readonly #child: ChildProcess;
  #stopsAsked = 0;

  constructor(child: ChildProcess, view: LiveView) {
    this.#child = child;
    this.ended = endOf(child);
    void this.ended.then(() => this.leaving.abort());
    this.ready = new Promise((resolve) => {
      child.on('message', (message) => {
        const news = message as DaemonNews;
        if (news.type === 'ready') resolve(news);
        else if (news.type === 'actor') void view.restarted(news).catch(() => undefined);
        else this.last = news;
      });
      void this.ended.then(() => resolve(undefined));
    });
  }

  /** Asks it to drain; the second time, ends it at once. */
  stop(): void {
    this.#stopsAsked += 1;
    this.leaving.abort();
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill(this.#stopsAsked > 1 ? 'SIGKILL' : 'SIGTERM');
  }

  get wasAsked(): boolean {
    return this.#stopsAsked > 0;
  }
}

async function show(
  ready: Ready,
  daemon: ForegroundDaemon,
  view: LiveView,
  invocation: Invocation,
): Promise<void> {
  await view.header(ready);
  const { MonitorClient } = await import('../../client/monitor-client.ts');
  if (daemon.leaving.signal.aborted) return;
  const { socketPath } = ready;
  const client = MonitorClient.open({ socketPath, clientName: 'codi up' });
  const timer = setInterval(() => void view.settle().catch(() => undefined), SETTLE_MS);
  // A question to a daemon that is leaving would wait for its answer until the time limit.
  const leave = () => client.abort(new CodiError('CODI_SHUTTING_DOWN'));
  daemon.leaving.signal.addEventListener('abort', leave, { once: true });
  try {
    const from = await headsOf(client);
    const plan = { streams: ['logs' as const, 'events' as const], from };
    const handlers = { onRows: (rows: Parameters<LiveView['rows']>[0]) => view.rows(rows) };
    // The view ends with the daemon; what went wrong with the view alone does not end the daemon.
    await followRows(client, plan, handlers, daemon.leaving.signal);
  } catch (error) {
    if (daemon.leaving.signal.aborted) return;
    await view.notice('view', `shows nothing more: ${(error as Error).message}`);
    if (invocation.globals.verbose) await invocation.note(String((error as Error).stack));
  } finally {
    clearInterval(timer);
    leave();
  }
}

async function conclude(
  end: DaemonEnd,
  daemon: ForegroundDaemon,
  { view, log, invocation }: { view: LiveView; log: DaemonLog; invocation: Invocation },
): Promise<number> {
  const { last } = daemon;
  if (last?.type === 'failed') throw CodiError.fromWire(last.error);
  if (last?.type === 'stopped') {
    await view.stopped(last);
    return end.code ?? 0;
  }
  if (daemon.wasAsked) {
    await invocation.note('the daemon was ended at once; what was accepted is on disk');
    return 1;
  }
  const how = end.signal === null ? `exit code ${end.code}` : `signal ${end.signal}`;
  await invocation.note(`error: the daemon ended by itself (${how})`);
  for (const line of lastLogLines(log)) await invocation.note(`  ${line}`);
  await invocation.note(`  its log is ${log.path}`);
  return end.code || 1;
}
