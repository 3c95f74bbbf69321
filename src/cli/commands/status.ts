import { readdir } from 'node:fs/promises';
import type { Command } from 'commander';
import type { BodyOf } from '../../protocol/messages.ts';
import { CodiError, EXIT, isCodiError } from '../../protocol/errors.ts';
import { readSpoolFileName } from '../../protocol/spool-line.ts';
import { plural, showBytes, showCount, showDuration, showLargeCount } from '../amounts.ts';
import { readDurationMs } from '../argument-values.ts';
import type { CliContext } from '../context.ts';
import type { Invocation } from '../invocation.ts';
import { withProgress } from '../progress.ts';
import { safeText } from '../safe-text.ts';

type Status = BodyOf<'Status'>;

const POLL_MS = 100;
const LABEL_WIDTH = 10;

/** `codi status [--wait 10s]` */
export function define(command: Command, context: CliContext): void {
  command
    .option('-w, --wait <duration>', 'wait until it is reachable and healthy')
    .addHelpText(
      'after',
      `
Exit codes: 0 healthy, 6 degraded, 69 not reachable.

Examples:
  codi status
  codi status --wait 10s && ./start-work.sh
  codi status --json | jq .ledger`,
    )
    .action((options: { wait?: string }) =>
      context.run(command, (invocation) => status(options, invocation)),
    );
}

async function status(options: { wait?: string }, invocation: Invocation): Promise<number> {
  const waitMs = options.wait === undefined ? 0 : readDurationMs(options.wait);
  const found =
    waitMs === 0
      ? await askOnce(invocation, undefined).catch((error: unknown) =>
          sayWhatWaits(error, invocation),
        )
      : await withProgress(invocation, 'waiting for the daemon', () => poll(invocation, waitMs));
  const { out, globals } = invocation;
  if (globals.json) await out.json(statusJson(found));
  else if (!globals.quiet) await out.lines(statusLines(found, invocation));
  return found.state === 'degraded' ? EXIT.degraded : EXIT.done;
}

function askOnce(invocation: Invocation, timeoutMs: number | undefined): Promise<Status> {
  const limits = timeoutMs === undefined ? {} : { requestTimeoutMs: timeoutMs, attempts: 1 };
  return invocation.withClient((client) => client.request('Health', {}), limits);
}

/** Entries that nobody takes are worth a word: they were not lost, and need a daemon. */
async function sayWhatWaits(error: unknown, invocation: Invocation): Promise<never> {
  if (!isCodiError(error) || error.code !== 'CODI_UNREACHABLE') throw error;
  const { spoolDir } = await invocation.endpoint();
  const names = await readdir(spoolDir).catch(() => []);
  const count = names.filter((name) => readSpoolFileName(name) !== undefined).length;
  if (count === 0) throw error;
  const waiting = `${plural(count, 'file')} in ${spoolDir} ${count === 1 ? 'waits' : 'wait'} for it`;
  throw new CodiError(error.code, error.details, {
    cause: error,
    hint: `${error.hint}; ${waiting}`,
  });
}

/** Asks again and again; at the end the last answer counts, or the error when there was none. */
async function poll(invocation: Invocation, waitMs: number): Promise<Status> {
  const endMs = invocation.io.nowMs() + waitMs;
  for (;;) {
    const leftMs = endMs - invocation.io.nowMs();
    const last = await askOnce(invocation, Math.max(POLL_MS, leftMs)).catch((error: unknown) => {
      if (isCodiError(error) && error.retryable) return error;
      throw error;
    });
    const isOver = invocation.io.nowMs() + POLL_MS >= endMs;
    if (!isCodiError(last)) {
      if (last.state !== 'degraded' || isOver) return last;
    } else if (isOver) throw last;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** One object, as the wire has it, with the durations in ms. */
export function statusJson(found: Status): Record<string, unknown> {
  const { request_id: _, uptime, ...rest } = found;
  const uptimeMs = uptime.secs * 1000 + Math.round(uptime.nanos / 1e6);
  const { state, ...others } = rest;
  const row = { state: state ?? 'healthy', uptime_ms: uptimeMs, ...others };
  return Object.fromEntries(
    Object.entries(row).filter(([, value]) => value !== null && value !== undefined),
  );
}

function statusLines(found: Status, invocation: Invocation): string[] {
  const { style, io } = invocation;
  const isDegraded = found.state === 'degraded';
  const mark = isDegraded ? style.yellow('● degraded') : style.green('● healthy');
  const uptime = showDuration(found.uptime.secs * 1000 + found.uptime.nanos / 1e6);
  const head = [mark, `up ${uptime}`, `pid ${found.pid ?? '?'}`, `codi ${found.version ?? '?'}`];
  const row = (label: string, text: string) => `  ${style.dim(label.padEnd(LABEL_WIDTH))}${text}`;
  const lines = [head.join('   ')];
  for (const reason of found.reasons ?? []) lines.push(row('because', safeText(reason)));
  if (isDegraded) lines.push(row('look', 'codi tree, codi daemon logs'));
  const { ledger, watching, clients } = found;
  if (ledger) {
    const commit = ledger.last_commit_at
      ? `last commit ${showDuration(io.nowMs() - Date.parse(ledger.last_commit_at))} ago`
      : 'nothing written yet';
    const entries = `${showLargeCount(ledger.entries)} ${ledger.entries === 1 ? 'entry' : 'entries'}`;
    const parts = [entries, showBytes(ledger.bytes), commit];
    lines.push(row('ledger', [...parts, ...verifiedParts(found, io.nowMs())].join(', ')));
  }
  if (watching) {
    const { roots, files, gaps } = watching;
    const parts = [plural(roots, 'root'), plural(files, 'file')];
    if (gaps != null) parts.push(`${plural(gaps, 'gap')} open`);
    const next = gaps != null && gaps > 0 ? 'codi watch gaps --open' : 'codi watch ls';
    lines.push(row('watching', `${parts.join(', ')}          ${style.dim(`(${next})`)}`));
  }
  if (clients) {
    const rate = ledger ? `, ${showCount(ledger.entries_per_second)} entries/s` : '';
    lines.push(row('clients', `${showCount(clients.connected)} connected${rate}`));
  }
  lines.push(...spoolLines(found, row));
  if (found.tcp) lines.push(row('tcp', tcpText(found.tcp)));
  if (found.http_url) lines.push(row('http', `${safeText(found.http_url)}/health, /metrics`));
  return [...lines, ...restartLines(found, row)];
}

/** How far the background has verified the ledger, and when it was last through. */
function verifiedParts({ scrub }: Status, nowMs: number): string[] {
  const ledger = scrub?.find(({ database }) => database === 'ledger');
  if (!ledger || ledger.verified_blocks === 0) return [];
  const verified = `verified to block ${showCount(ledger.verified_blocks - 1)}`;
  if (!ledger.pass_ended_at) return [verified];
  return [verified, `all of it ${showDuration(nowMs - Date.parse(ledger.pass_ended_at))} ago`];
}

/** Only when there is something to say: the daemon empties the spool by itself. */
function spoolLines(found: Status, row: (label: string, text: string) => string): string[] {
  const { files = 0, bytes = 0, rejected_files: rejected = 0 } = found.spools ?? {};
  const lines: string[] = [];
  if (files > 0) lines.push(row('spools', `${plural(files, 'file')} waiting, ${showBytes(bytes)}`));
  if (rejected > 0) {
    const where = safeText(`${found.data_dir ?? ''}/spool/*.rejected`);
    lines.push(row('spools', `${plural(rejected, 'file')} with rejected lines, see ${where}`));
  }
  return lines;
}

function tcpText({ address, tls, token, fingerprint }: NonNullable<Status['tcp']>): string {
  const parts = [address, tls ? 'TLS' : 'without TLS', token ? 'with a token' : 'without a token'];
  if (fingerprint != null) parts.push(`fingerprint ${fingerprint}`);
  return safeText(parts.join(', '));
}

function restartLines(found: Status, row: (label: string, text: string) => string): string[] {
  const recent = found.restarts?.last_hour ?? [];
  if (recent.length === 0) return [];
  const paths = [...new Set(recent.map((restart) => restart.path))];
  const shown = paths.slice(0, 3).map(safeText).join(', ');
  const more = paths.length > 3 ? ` and ${paths.length - 3} more` : '';
  const text = `${showCount(recent.length)} in the last hour: ${shown}${more}`;
  return [row('restarts', `${text}          (codi why ${safeText(paths[0] ?? '')})`)];
}
