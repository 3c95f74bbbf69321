import { GAP_REASONS } from '../../protocol/gap.ts';
import { defineEvent, number, oneOf, optional, text } from '../event-definition.ts';

const path = text('The watched root.');

export const WATCHING_EVENTS = {
  RootWatching: defineEvent({
    level: 'info',
    sentence: 'Watching {path}, {files} files.',
    fields: { path, files: number('Files under the root.') },
    metrics: [
      {
        name: 'codi_roots_watched_total',
        type: 'counter',
        help: 'Roots that were compared with their index in full and are watched since.',
      },
    ],
    repeatedBy: ['path'],
  }),
  RootGone: defineEvent({
    level: 'warn',
    sentence: 'The root {path} is gone: {reason}.',
    fields: { path, reason: text('What was found in its place.') },
    metrics: [
      { name: 'codi_roots_gone_total', type: 'counter', help: 'Watched roots that went away.' },
    ],
    repeatedBy: ['path'],
  }),
  DirectoriesBlind: defineEvent({
    level: 'warn',
    sentence: '{directories} directories of {path} had no working watch; they are watched anew.',
    fields: { path, directories: number('Directories whose watch was placed anew.') },
    metrics: [
      {
        name: 'codi_watch_repaired_directories_total',
        type: 'counter',
        help: 'Directories without a working watch that were watched anew and looked through.',
        value: ({ directories }) => directories,
      },
    ],
    repeatedBy: ['path'],
  }),
  WatchesExhausted: defineEvent({
    level: 'warn',
    sentence: 'No watch is left for {directories} directories of {path}; they are polled.',
    fields: { path, directories: number('Directories that are polled for want of watches.') },
    metrics: [
      {
        name: 'codi_watch_exhaustions_total',
        type: 'counter',
        help: 'Times that no watch was left for directories of a root.',
      },
    ],
    repeatedBy: ['path'],
  }),
  HintsDisbelieved: defineEvent({
    level: 'warn',
    sentence: 'Sweeps of {path} find changes that the system did not tell; it is polled.',
    fields: { path, directories: number('Directories of the root.') },
    metrics: [
      {
        name: 'codi_watch_hints_disbelieved_total',
        type: 'counter',
        help: 'Times that a root was polled because hints about it do not come.',
      },
    ],
    repeatedBy: ['path'],
  }),
  HostOverBudget: defineEvent({
    level: 'warn',
    sentence: '{host} takes too much: {what} {value}, limit {limit}; decision: {decision}.',
    fields: {
      host: text('The watch host.'),
      what: oneOf('Of what it takes too much.', [
        'memory',
        'descriptors',
        'leaked_watches',
        'inotify_instances',
      ]),
      value: number('How much it takes: bytes of memory, else a count.'),
      limit: number('How much it may take.'),
      decision: oneOf('It is replaced, its roots are polled, or it is left as it is.', [
        'replace',
        'poll',
        'bear',
      ]),
    },
    metrics: [
      {
        name: 'codi_host_over_budget_total',
        type: 'counter',
        help: 'Times that a watch host took more of the system than it may.',
        labels: ['what'],
      },
    ],
    repeatedBy: ['host', 'what'],
  }),
  WatchesScarce: defineEvent({
    level: 'warn',
    sentence: '{watches} of the {watchesLimit} file watches codi may take are in use.',
    fields: {
      watches: number('File watches of all watch hosts.'),
      watchesLimit: number('How many they may take: see monitor.watch_share.'),
    },
  }),
  HostsMeasured: defineEvent({
    level: 'trace',
    sentence: '{hosts} watch hosts hold {watches} of {watchesLimit} file watches.',
    fields: {
      hosts: number('Watch hosts that have reported.'),
      watches: number('File watches they hold.'),
      watchesLimit: number('File watches they may take.'),
      instances: number('Watch queues they hold.'),
      blindDirectories: number('Directories without a working watch, in the last audits.'),
      leakedWatches: number('Watches that no root wants.'),
      polledDirectories: number('Directories polled for want of watches.'),
      memoryBytes: number('Their resident memory.'),
      descriptors: number('Their open descriptors.'),
      lookMs: number('What a look at the disk took last, of the slowest root, in milliseconds.'),
    },
    metrics: [
      {
        name: 'codi_watch_watches',
        type: 'gauge',
        help: 'File watches that all watch hosts hold.',
        value: ({ watches }) => watches,
      },
      {
        name: 'codi_watch_watches_limit',
        type: 'gauge',
        help: 'File watches that all watch hosts may take.',
        value: ({ watchesLimit }) => watchesLimit,
      },
      {
        name: 'codi_watch_instances',
        type: 'gauge',
        help: 'Watch queues (inotify descriptors) that all watch hosts hold.',
        value: ({ instances }) => instances,
      },
      {
        name: 'codi_watch_blind_directories',
        type: 'gauge',
        help: 'Directories that the last coverage audit found without a working watch.',
        value: ({ blindDirectories }) => blindDirectories,
      },
      {
        name: 'codi_watch_leaked_watches',
        type: 'gauge',
        help: 'File watches of the watch hosts that no root wants.',
        value: ({ leakedWatches }) => leakedWatches,
      },
      {
        name: 'codi_watch_polled_directories',
        type: 'gauge',
        help: 'Directories that are polled for want of watches.',
        value: ({ polledDirectories }) => polledDirectories,
      },
      {
        name: 'codi_host_memory_bytes',
        type: 'gauge',
        help: 'Resident memory of all watch hosts.',
        value: ({ memoryBytes }) => memoryBytes,
      },
      {
        name: 'codi_host_descriptors',
        type: 'gauge',
        help: 'Open descriptors of all watch hosts.',
        value: ({ descriptors }) => descriptors,
      },
      {
        name: 'codi_watch_look_seconds',
        type: 'gauge',
        help: 'What a look of a sweep took last, of the root where they take longest: the mean of 32 that were timed.',
        value: ({ lookMs }) => lookMs / 1_000,
      },
    ],
  }),
  GapOpened: defineEvent({
    level: 'info',
    sentence: 'What is known of {path} is in doubt: {reason}.',
    fields: {
      path,
      reason: oneOf('Why.', GAP_REASONS),
      detail: optional(text('What is known about it.')),
    },
    metrics: [
      {
        name: 'codi_gaps_opened_total',
        type: 'counter',
        help: 'Doubts about what is watched that began.',
        labels: ['reason'],
        startsAtZero: true,
      },
    ],
    repeatedBy: ['path', 'reason'],
  }),
  GapClosed: defineEvent({
    level: 'info',
    sentence: '{path} is known again ({reason}): {found} changes were found in {openMs} ms.',
    fields: {
      path,
      reason: oneOf('Why it was in doubt.', GAP_REASONS),
      found: number('Changes that no hint had led to.'),
      openMs: number('How long it was in doubt, in milliseconds.'),
    },
    metrics: [
      {
        name: 'codi_gaps_closed_total',
        type: 'counter',
        help: 'Doubts about what is watched that ended, with all that they hid recorded.',
        labels: ['reason'],
        startsAtZero: true,
      },
      {
        name: 'codi_gap_seconds',
        type: 'histogram',
        help: 'How long a doubt about what is watched lasted.',
        value: ({ openMs }) => openMs / 1000,
        buckets: [0.05, 0.25, 1, 5, 15, 60, 300, 3_600, 86_400],
      },
    ],
    repeatedBy: ['path', 'reason'],
  }),
  EventLogWaits: defineEvent({
    level: 'warn',
    sentence: 'File events wait to be written to {log}: {reason}.',
    fields: { log: text('Where they go.'), reason: text('Why they cannot now.') },
    metrics: [
      {
        name: 'codi_event_log_waits_total',
        type: 'counter',
        help: 'Times that file events could not be written to a log for a while; none is left out.',
      },
    ],
    repeatedBy: ['log'],
  }),
  SweepDone: defineEvent({
    level: 'debug',
    sentence: 'Swept {path} in {durationMs} ms, {found} changes had no hint.',
    fields: {
      path,
      found: number('Changes that no hint had led to.'),
      durationMs: number('Time of the sweep, in milliseconds.'),
    },
    metrics: [
      {
        name: 'codi_sweep_duration_seconds',
        type: 'histogram',
        help: 'Time of a sweep of a whole root.',
        value: ({ durationMs }) => durationMs / 1000,
        buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60],
      },
    ],
    repeatedBy: ['path'],
  }),
} as const;
