import { defineEvent, number, text } from '../event-definition.ts';

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
  // The counts are those of a watch host since its start, so they are shown as they are.
  HintsCollapsed: defineEvent({
    level: 'debug',
    sentence: 'A watch host gave up {hintsCollapsed} of {hints} hints for looks at directories.',
    fields: {
      hints: number('Change hints since the start of the watch host.'),
      hintsCollapsed: number('Hints given up for a look at whole directories, or at the root.'),
      suspectedOverflows: number('Times the kernel may have dropped hints.'),
      fullSweeps: number('Sweeps of a whole root.'),
      foundBySweep: number('Changes that no hint led to.'),
    },
    metrics: [
      {
        name: 'codi_host_hints',
        type: 'gauge',
        help: 'Change hints since the start of the watch host that reported last.',
        value: ({ hints }) => hints,
      },
      {
        name: 'codi_host_hints_collapsed',
        type: 'gauge',
        help: 'Hints given up for a look at whole directories; nothing is lost by it.',
        value: ({ hintsCollapsed }) => hintsCollapsed,
      },
      {
        name: 'codi_host_hint_overflows',
        type: 'gauge',
        help: 'Times the kernel may have dropped hints; each led to a full sweep.',
        value: ({ suspectedOverflows }) => suspectedOverflows,
      },
      {
        name: 'codi_host_full_sweeps',
        type: 'gauge',
        help: 'Sweeps of a whole root.',
        value: ({ fullSweeps }) => fullSweeps,
      },
      {
        name: 'codi_host_sweep_finds',
        type: 'gauge',
        help: 'Changes that only a sweep found.',
        value: ({ foundBySweep }) => foundBySweep,
      },
    ],
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
