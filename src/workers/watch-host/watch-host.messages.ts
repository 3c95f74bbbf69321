import type { BytePath } from '../../protocol/byte-path.ts';
import type { GapReason } from '../../protocol/gap.ts';
import type { FileEvents } from '../../protocol/packed-events.ts';
import type { ReadAheadLimits } from './ahead-slots.ts';

/** How files are told that came and went between two looks. */
export interface TransientOptions {
  /** As `create`, `update` and `delete`, else as one `transient`. */
  readonly isInSteps: boolean;
  /** Most files a second; more are counted alone. */
  readonly perSecond: number;
}

/** How one root is watched. */
export interface RootOptions {
  recursive: boolean;
  /** Include globs, empty = all; matched against relative path and name. Directories are always entered. */
  patterns: string[];
  /** Ignore globs beside the default ones; see `entry-filter.ts`. */
  ignore: string[];
  useDefaultIgnores: boolean;
  /** Files that are recorded whatever is ignored, and how far ignored directories are looked through for them. */
  exports?: { patterns: string[]; ignoredDepth: number; ignoredDirectories: number };
  /** Whether `.gitignore` files in the root and below are obeyed; default false. */
  useGitignore?: boolean;
  hintSource: 'auto' | 'fs' | 'parcel' | 'none';
  /** With `auto` on Linux: how many directories get a watch of their own. */
  directoryBudget: number;
  /** The host is one for recursive watchers: with `auto`, such a one is taken. */
  isRecursiveHost?: boolean;
  /** Touched directories are looked through after this much quiet … */
  settleMs: number;
  /** … or this long after the first hint. */
  settleMaxMs: number;
  sweepIntervalMs: number;
  /** How long a hint waits for others before it is looked at. */
  coalesceMs: number;
  /** Interval of full sweeps while native watching does not work; default 5,000. */
  pollIntervalMs?: number;
  /** How long changes of one path are waited for and told as one; absent or 0: not at all. */
  debounceMs?: number;
  /** Most events a second, once the first look is done; absent or 0: no limit. */
  eventsPerSecond?: number;
  /** Most events of one batch; 1,000 when absent. */
  batchCount?: number;
  /** Absent: what came and went is not told. */
  transients?: TransientOptions;
  /** Why native watching is not even tried. */
  pollReason?: string;
  /** Logs that codi writes, relative to the root: not recorded, nor what they are renamed to (`name.1`). */
  own?: BytePath[];
  /** Never entered nor recorded at any depth: the data directory. */
  deny: { dev: bigint; ino: bigint }[];
}

/** What one host may take of the system. */
export interface HostLimits {
  /** Host processes that share what the user is allowed. */
  hosts: number;
  /** Percent of the user's file watches that all hosts together may hold. */
  watchSharePercent: number;
  /** File watches of one host. */
  watchesCount: number;
  /** How often the watches that the kernel lists are compared with the index. */
  coverageIntervalMs: number;
  /** Looks ahead of sweeps. */
  readAhead: ReadAheadLimits;
}

export type ToWatchHost =
  /** Before the first watch. */
  | { type: 'limits'; limits: HostLimits }
  | { type: 'watch'; root: number; path: BytePath; options: RootOptions }
  /** What is recorded of the root, as IndexPage has it; scanning begins after the last one. */
  | { type: 'index'; root: number; page: Uint8Array; done: boolean }
  | { type: 'ack'; root: number; batch: number }
  | { type: 'unwatch'; root: number }
  /** `paths` relative to the root; none means all of it. */
  | { type: 'sync'; root: number; id: number; paths?: BytePath[] }
  | { type: 'stop' };

export interface RootStatus {
  /** Recorded entries that are not directories. */
  files: number;
  directories: number;
  hintSource: 'fs' | 'parcel' | 'none';
  mode: 'native' | 'poll';
  /** Directories of a natively watched root that are polled, because no watch was left for them. */
  polledDirectories: number;
  /** Why the root, or a part of it, is polled, and which `.gitignore` is not applied. */
  reason?: string;
}

/** Why what is known of a root may be incomplete for a while. */
export type DoubtReason = 'blind_directories' | 'watches_exhausted' | 'hints_do_not_come';

/** What a host holds of the system, measured with each coverage audit. */
export interface HostVitals {
  /** File watches, as the kernel lists them where it does. */
  watches: number;
  watchesLimit: number;
  /** inotify descriptors. */
  instances: number;
  /** Directories that should have had a watch and had none, in the last audit. */
  blindDirectories: number;
  /** Watches that no root wants, in the last two audits. */
  leakedWatches: number;
  /** Directories polled for want of watches. */
  polledDirectories: number;
  /** Directories whose watch was placed anew, since the host started. */
  repairedDirectories: number;
  memoryBytes: number;
  descriptors: number;
  /** Time the last audit took, in milliseconds. */
  auditMs: number;
  /** What a look of a sweep took, in milliseconds: the mean of some, of the root where they take longest; 0: none yet. */
  lookMs: number;
}

/** Sums since the host started. */
export interface HostCounters {
  hints: number;
  /** Hints given up for a look at whole directories, or at the whole root. */
  hintsCollapsed: number;
  /** Times the kernel may have dropped hints; each led to a full sweep. */
  suspectedOverflows: number;
  fullSweeps: number;
  /** Changes that no hint led to. */
  foundBySweep: number;
  /** Hints of a path of which a change waited already, for `debounceMs` or `eventsPerSecond`. */
  coalesced: number;
  /** Times that a root had to wait because of `eventsPerSecond`. */
  rateWaits: number;
  /** Files that came and went and were not told: too many in a second. */
  transientsDropped: number;
  /** Looks that were made ahead of a sweep, because looks were slow. */
  looksAhead: number;
}

export type WatchFailure = 'CODI_PATH_INVALID' | 'CODI_PATH_DENIED' | 'CODI_WATCH_FAILED';

export type FromWatchHost =
  | { type: 'sys.ready' }
  /** `batch` is dense from 1 for each `watch`; at most 1,000 events. */
  | { type: 'changes'; root: number; batch: number; events: FileEvents }
  /** The first look at the disk is done, or the first after the root came back; its changes were sent before. */
  | ({ type: 'watching'; root: number; durationMs: number } & RootStatus)
  | ({ type: 'rootStatus'; root: number } & RootStatus)
  /** All batches up to `batch` cover what was written before the sync was asked for. */
  | { type: 'synced'; root: number; id: number; batch: number }
  | { type: 'rootGone'; root: number; reason: string }
  /** Something may be missed from now on, at and below `path` (relative to the root) or anywhere in it. */
  | { type: 'gap'; root: number; reason: GapReason; path?: BytePath; detail?: string }
  /** It is over, and all batches up to `batch` cover what it may have hidden. `times`: how often it was suspected. */
  | {
      type: 'gapClosed';
      root: number;
      reason: GapReason;
      path?: BytePath;
      times: number;
      batch: number;
    }
  /** More than the budget: the root needs a recursive watcher, in another host. Those beyond are not watched. */
  | { type: 'tooManyDirectories'; root: number }
  | { type: 'failed'; root: number; code: WatchFailure; message: string }
  /** Changes in so many directories may go unnoticed, from now on (`isOpen`) or no longer: then all were looked at. */
  | { type: 'doubt'; root: number; reason: DoubtReason; isOpen: boolean; directories: number }
  | ({ type: 'vitals' } & HostVitals)
  | ({ type: 'counters' } & HostCounters);
