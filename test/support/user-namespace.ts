import { spawnSync } from 'node:child_process';

export interface InotifyLimits {
  watches?: number;
  instances?: number;
  /** They are those of a namespace around its own, which it cannot read. */
  areHidden?: boolean;
}

/** A command line that runs what follows it as a user whose inotify limits are these. */
export function withInotifyLimits(limits: InotifyLimits): [string, ...string[]] {
  const { watches, instances, areHidden = false } = limits;
  const settings = [
    ...(watches === undefined ? [] : [`echo ${watches} > /proc/sys/user/max_inotify_watches`]),
    ...(instances === undefined
      ? []
      : [`echo ${instances} > /proc/sys/user/max_inotify_instances`]),
  ];
  return [
    'unshare',
    '-Ur',
    'sh',
    '-c',
    [...settings, areHidden ? 'exec unshare -Ur "$@"' : 'exec "$@"'].join(' && '),
    'sh',
  ];
}

const [unshare, ...args] = withInotifyLimits({ watches: 50, instances: 3 });

/** Whether a process may have limits of its own here; `skipUnless` says so where it may not. */
export const canLimitInotify = spawnSync(unshare, [...args, 'true']).status === 0;
export const NO_INOTIFY_LIMITS = 'inotify limits of its own need a user namespace';
