import { dirname } from 'node:path';
import { fileOf, type TracedCall } from './strace.ts';

/** What happened to a file that was renamed into place, in order: `write sync rename directory`. */
export function historyOf(calls: readonly TracedCall[], at: number): string {
  const [from, to] = renamedPaths(calls[at]!);
  const before = calls.slice(0, at).filter((call) => fileOf(call) === from);
  const words = before.map(({ name }) => (name.endsWith('sync') ? 'sync' : 'write'));
  const isSynced = directorySyncAfter(calls, at, to) !== undefined;
  return [...words.slice(-2), 'rename', ...(isSynced ? ['directory'] : [])].join(' ');
}

/** Where the directory of a renamed file was synced, before its thread renamed anything else. */
export function directorySyncAfter(
  calls: readonly TracedCall[],
  at: number,
  to = renamedPaths(calls[at]!)[1],
): number | undefined {
  const { thread } = calls[at]!;
  const next = calls.findIndex((call, index) => {
    if (index <= at || call.thread !== thread) return false;
    return fileOf(call) === dirname(to) || call.name.startsWith('rename');
  });
  const found = calls[next];
  const isSync = found?.name.endsWith('sync') && found.result.startsWith('0');
  return isSync ? next : undefined;
}

export function renamedPaths({ args }: TracedCall): [from: string, to: string] {
  const [from = '', to = ''] = [...args.matchAll(/"([^"]*)"/g)].map(([, path]) => path!);
  return [from, to];
}
