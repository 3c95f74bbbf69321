import type { BodyOf } from '../../protocol/messages.ts';
import { showBytes, showCount } from '../amounts.ts';
import { showClock } from '../clock-text.ts';
import type { Invocation } from '../invocation.ts';
import { safeText } from '../safe-text.ts';
import { tableLines } from '../table.ts';
import { withDaemonOrFiles } from './store-source.ts';

type Stats = BodyOf<'StoreStatus'>;

/** `codi store stats` */
export async function showStats(invocation: Invocation): Promise<void> {
  const stats = await withDaemonOrFiles(invocation, {
    daemon: (client) => client.request('StoreStats', {}),
    files: (thread) => thread.call('stats', {}),
  });
  const { globals, out, style } = invocation;
  const { request_id, ...facts } = stats;
  if (globals.json) return out.json(facts);
  const titles = ['DATABASE', 'SIZE', 'FREE INSIDE', 'LOG'].map(rightAligned);
  const databases = stats.databases.map((row) => [
    safeText(row.name),
    showBytes(row.bytes),
    showBytes(row.free_bytes),
    showBytes(row.wal_bytes),
  ]);
  await out.lines(tableLines(titles, databases, style.dim));
  await out.line('');
  const streams = stats.streams.map((row) => [
    safeText(row.name),
    showCount(row.rows),
    showCount(row.last),
  ]);
  await out.lines(tableLines(['STREAM', 'ROWS', 'LAST'].map(rightAligned), streams, style.dim));
  await out.line('');
  await out.lines(summary(stats, invocation.io.nowMs()));
}

function rightAligned(title: string, index: number) {
  return { title, ...(index > 0 && { align: 'right' as const }) };
}

function summary(stats: Stats, nowMs: number): string[] {
  const { archive, retention } = stats;
  const from = (time: string | null | undefined) => (time ? showClock(time, nowMs) : '-');
  return [
    `blocks     ${showCount(stats.blocks)}, in the tables from ${from(stats.oldest)} to ${from(stats.newest)}`,
    `archive    ${showCount(archive.segments)} segments, ${showCount(archive.entries)} entries, ${showBytes(archive.bytes)}, from ${from(archive.oldest)}`,
    ...(diskText(stats) === '' ? [] : [`disk       ${diskText(stats)}`]),
    ...(retention ? [`retention  ${policyText(retention)}`] : []),
    ...(retention?.last_run_at ? [`last run   ${from(retention.last_run_at)}`] : []),
    ...(retention?.problem ? [`problem    ${safeText(retention.problem)}`] : []),
  ];
}

function diskText({ disk_free_bytes: free, disk_reserve_bytes: reserve }: Stats): string {
  return [
    ...(free == null ? [] : [`${showBytes(free)} free`]),
    ...(reserve ? [`${showBytes(reserve)} in reserve`] : []),
  ].join(', ');
}

function policyText(policy: NonNullable<Stats['retention']>): string {
  const age = policy.retention_days === 0 ? 'kept' : `${policy.retention_days} days`;
  const size =
    policy.size_limit_bytes === 0 ? '' : `, at most ${showBytes(policy.size_limit_bytes)}`;
  const kept = policy.archive_days === 0 ? 'for ever' : `for ${policy.archive_days} days`;
  return `${age}${size}, then ${policy.archive ? `archived ${kept}` : 'deleted'}`;
}
