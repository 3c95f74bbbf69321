import { systemWatchLimit } from '../workers/watch-host/system-watch-limit.ts';

interface HostSettings {
  hostsCount: number;
  watchSharePercent: number;
  directoryBudgetCount: number;
}

/**
 * Over how many hosts roots are spread. Each host may take an equal part of codi's share of the file watches, whatever
 * its roots need: where that would be less than a root gets one by one, there are fewer hosts.
 */
export function hostCount(
  { hostsCount, watchSharePercent, directoryBudgetCount }: HostSettings,
  watchLimit: number | undefined = systemWatchLimit(),
): number {
  if (watchLimit === undefined) return hostsCount;
  const share = (watchLimit * watchSharePercent) / 100;
  return Math.max(1, Math.min(hostsCount, Math.floor(share / directoryBudgetCount)));
}
