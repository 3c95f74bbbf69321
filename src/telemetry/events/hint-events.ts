import { defineEvent, number, text } from '../event-definition.ts';

/** What watch hosts say of hints, and of what became of them. */
export const HINT_EVENTS = {
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
  FileEventsHeldBack: defineEvent({
    level: 'debug',
    sentence: '{host} let changes wait {waits} times and folded {count} hints into them.',
    fields: {
      host: text('The watch host.'),
      waits: number('Times that a root had to wait because of monitor.rate_limit.'),
      count: number('Hints of a path of which a change waited already.'),
    },
    metrics: [
      {
        name: 'codi_file_events_coalesced_total',
        type: 'counter',
        help: 'Hints folded into a change that waited, for monitor.debounce or monitor.rate_limit.',
        value: ({ count }) => count,
      },
      {
        name: 'codi_file_event_waits_total',
        type: 'counter',
        help: 'Times that the changes of a root had to wait because of monitor.rate_limit.',
        value: ({ waits }) => waits,
      },
    ],
    repeatedBy: ['host'],
  }),
  LookedAhead: defineEvent({
    level: 'debug',
    sentence: '{host} made {looks} looks ahead of its sweeps, because looks are slow.',
    fields: {
      host: text('The watch host.'),
      looks: number('Looks of which nothing is used but that they bring things into the caches.'),
    },
    metrics: [
      {
        name: 'codi_watch_looks_ahead_total',
        type: 'counter',
        help: 'Looks made ahead of sweeps on slow disks: see monitor.read_ahead.',
        value: ({ looks }) => looks,
      },
    ],
    repeatedBy: ['host'],
  }),
  TransientsDropped: defineEvent({
    level: 'info',
    sentence: '{host} left out {count} files that came and went: more than monitor.transient_rate.',
    fields: { host: text('The watch host.'), count: number('Files that are not recorded.') },
    metrics: [
      {
        name: 'codi_transient_files_dropped_total',
        type: 'counter',
        help: 'Files that came and went unseen and were not recorded: too many in a second.',
        value: ({ count }) => count,
      },
    ],
    repeatedBy: ['host'],
  }),
} as const;
