import { defineEvent, number, oneOf, optional } from '../event-definition.ts';
import { GC_KINDS } from '../labels.ts';

// Names of process_* and nodejs_* metrics are those that Prometheus clients for Node use, so that
// dashboards made for them work.
const lag = (word: string) =>
  number(`${word} delay of a timer on the main thread, in milliseconds.`);
const seconds = (valueMs: number) => valueMs / 1000;

export const RUNTIME_EVENTS = {
  EventLoopMeasured: defineEvent({
    level: 'trace',
    sentence: 'The event loop was late by {maxMs} ms at most.',
    fields: {
      meanMs: lag('Mean'),
      p50Ms: lag('Median'),
      p99Ms: lag('99th percentile of the'),
      maxMs: lag('Longest'),
    },
    metrics: [
      {
        name: 'nodejs_eventloop_lag_mean_seconds',
        type: 'gauge',
        help: 'Mean delay of the event loop in the last whole interval of 5 s.',
        value: ({ meanMs }) => seconds(meanMs),
      },
      {
        name: 'nodejs_eventloop_lag_p50_seconds',
        type: 'gauge',
        help: 'Median delay of the event loop in the last whole interval of 5 s.',
        value: ({ p50Ms }) => seconds(p50Ms),
      },
      {
        name: 'nodejs_eventloop_lag_p99_seconds',
        type: 'gauge',
        help: 'Delay of the event loop that one in a hundred exceeded in the last whole interval of 5 s.',
        value: ({ p99Ms }) => seconds(p99Ms),
      },
      {
        name: 'nodejs_eventloop_lag_max_seconds',
        type: 'gauge',
        help: 'Longest delay of the event loop in the last whole interval of 5 s.',
        value: ({ maxMs }) => seconds(maxMs),
      },
    ],
  }),
  EventLoopStalled: defineEvent({
    level: 'warn',
    sentence: 'The main thread was busy for {maxMs} ms without a pause.',
    fields: { maxMs: number('How long, in milliseconds.') },
    metrics: [
      {
        name: 'codi_event_loop_stalls_total',
        type: 'counter',
        help: 'Intervals of 5 s in which the event loop stood still for more than half a second.',
      },
    ],
  }),
  GarbageCollected: defineEvent({
    level: 'trace',
    sentence: 'Collected garbage ({kind}) in {durationMs} ms.',
    fields: {
      kind: oneOf('Kind of collection.', GC_KINDS),
      durationMs: number('How long it took, in milliseconds.'),
    },
    metrics: [
      {
        name: 'nodejs_gc_duration_seconds',
        type: 'histogram',
        help: 'Time of garbage collections on the main thread.',
        labels: ['kind'],
        value: ({ durationMs }) => seconds(durationMs),
        buckets: [0.001, 0.01, 0.1, 1, 2, 5],
      },
    ],
  }),
  ProcessMeasured: defineEvent({
    level: 'trace',
    sentence: 'The process takes {rssBytes} bytes of memory.',
    fields: {
      cpuUserMs: number('Processor time in user mode since the start, in milliseconds.'),
      cpuSystemMs: number('Processor time in the kernel since the start, in milliseconds.'),
      loopActiveMs: number('Time the event loop worked since the start, in milliseconds.'),
      loopIdleMs: number('Time the event loop waited since the start, in milliseconds.'),
      rssBytes: number('Resident memory.'),
      heapUsedBytes: number('Used heap of the main thread.'),
      heapTotalBytes: number('Heap of the main thread.'),
      externalBytes: number('Memory of C++ objects bound to JavaScript ones.'),
      startedAtMs: number('Start of the process, Unix milliseconds.'),
      openFds: optional(number('Open file descriptors.')),
      maxFds: optional(number('Most file descriptors it may open.')),
    },
    metrics: [
      {
        name: 'process_cpu_user_seconds_total',
        type: 'counter',
        help: 'Processor time in user mode, all threads.',
        isTotal: true,
        value: ({ cpuUserMs }) => seconds(cpuUserMs),
      },
      {
        name: 'process_cpu_system_seconds_total',
        type: 'counter',
        help: 'Processor time in the kernel, all threads.',
        isTotal: true,
        value: ({ cpuSystemMs }) => seconds(cpuSystemMs),
      },
      {
        name: 'process_cpu_seconds_total',
        type: 'counter',
        help: 'Processor time, all threads.',
        isTotal: true,
        value: ({ cpuUserMs, cpuSystemMs }) => seconds(cpuUserMs + cpuSystemMs),
      },
      {
        name: 'codi_event_loop_active_seconds_total',
        type: 'counter',
        help: 'Time the event loop of the main thread worked; its rate is the utilization.',
        isTotal: true,
        value: ({ loopActiveMs }) => seconds(loopActiveMs),
      },
      {
        name: 'codi_event_loop_idle_seconds_total',
        type: 'counter',
        help: 'Time the event loop of the main thread waited.',
        isTotal: true,
        value: ({ loopIdleMs }) => seconds(loopIdleMs),
      },
      {
        name: 'process_resident_memory_bytes',
        type: 'gauge',
        help: 'Resident memory of the daemon, watch hosts not included.',
        value: ({ rssBytes }) => rssBytes,
      },
      {
        name: 'nodejs_heap_size_used_bytes',
        type: 'gauge',
        help: 'Used heap of the main thread.',
        value: ({ heapUsedBytes }) => heapUsedBytes,
      },
      {
        name: 'nodejs_heap_size_total_bytes',
        type: 'gauge',
        help: 'Heap of the main thread.',
        value: ({ heapTotalBytes }) => heapTotalBytes,
      },
      {
        name: 'nodejs_external_memory_bytes',
        type: 'gauge',
        help: 'Memory of C++ objects bound to JavaScript ones.',
        value: ({ externalBytes }) => externalBytes,
      },
      {
        name: 'process_start_time_seconds',
        type: 'gauge',
        help: 'Start of the process in seconds since the Unix epoch.',
        value: ({ startedAtMs }) => seconds(startedAtMs),
      },
      {
        name: 'process_open_fds',
        type: 'gauge',
        help: 'Open file descriptors.',
        value: ({ openFds }) => openFds,
      },
      {
        name: 'process_max_fds',
        type: 'gauge',
        help: 'Most file descriptors the process may open.',
        value: ({ maxFds }) => maxFds,
      },
    ],
  }),
} as const;
