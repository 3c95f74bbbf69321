import { ACTOR_KINDS } from '../actor-kinds.ts';
import { defineEvent, flag, number, oneOf } from '../event-definition.ts';

/** Looked at when somebody asks for the metrics. */
export const SUPERVISION_EVENTS = {
  ActorsMeasured: defineEvent({
    level: 'trace',
    sentence: 'There are {count} actors of the kind {kind}.',
    fields: {
      kind: oneOf('Kind of the actors.', ACTOR_KINDS),
      count: number('How many there are.'),
      queuedMessages: number('Messages in their mailboxes.'),
      queuedBytes: number('Bytes that these messages declare.'),
    },
    metrics: [
      {
        name: 'codi_actors',
        type: 'gauge',
        help: 'Actors in the tree, whatever their state.',
        labels: ['kind'],
        value: ({ count }) => count,
      },
      {
        name: 'codi_mailbox_messages',
        type: 'gauge',
        help: 'Messages waiting in mailboxes.',
        labels: ['kind'],
        value: ({ queuedMessages }) => queuedMessages,
      },
      {
        name: 'codi_mailbox_bytes',
        type: 'gauge',
        help: 'Declared bytes of the messages waiting in mailboxes.',
        labels: ['kind'],
        value: ({ queuedBytes }) => queuedBytes,
      },
    ],
  }),
  SupervisionMeasured: defineEvent({
    level: 'trace',
    sentence: 'Actors have handled {messages} messages.',
    fields: {
      messages: number('Mailbox messages handled.'),
      crashes: number('Incarnations that crashed.'),
      dropped: number('Messages lost to the limits of mailboxes.'),
      deadLetters: number('Messages nobody will ever read.'),
      fenced: number('Callbacks of ended incarnations that were not run.'),
    },
    metrics: [
      {
        name: 'codi_messages_handled_total',
        type: 'counter',
        help: 'Mailbox messages that actors handled.',
        isTotal: true,
        value: ({ messages }) => messages,
      },
      {
        name: 'codi_actor_crashes_total',
        type: 'counter',
        help: 'Incarnations of actors that crashed.',
        isTotal: true,
        value: ({ crashes }) => crashes,
      },
      {
        name: 'codi_mailbox_dropped_total',
        type: 'counter',
        help: 'Messages lost to the limits of mailboxes.',
        isTotal: true,
        value: ({ dropped }) => dropped,
      },
      {
        name: 'codi_dead_letters_total',
        type: 'counter',
        help: 'Messages nobody will ever read.',
        isTotal: true,
        value: ({ deadLetters }) => deadLetters,
      },
      {
        name: 'codi_stale_callbacks_total',
        type: 'counter',
        help: 'Callbacks of ended incarnations that were not run.',
        isTotal: true,
        value: ({ fenced }) => fenced,
      },
    ],
  }),
  DaemonMeasured: defineEvent({
    level: 'trace',
    sentence: 'Entries are taken: {isReady}, all is well: {isHealthy}.',
    fields: {
      isReady: flag('Whether entries are taken.'),
      isHealthy: flag('Whether every part does its work.'),
      clients: number('Clients that are connected.'),
      roots: number('Watched roots.'),
      rootsAway: number('Watched roots that are gone or cannot be watched.'),
      files: number('Files under the watched roots.'),
      openGaps: number('Doubts about what is watched that have no end yet.'),
      waitingBytes: number('Bytes that wait for the ledger.'),
      lostLines: number('Log lines that could not be written.'),
    },
    metrics: [
      {
        name: 'codi_ready',
        type: 'gauge',
        help: 'Whether entries are taken: 1 or 0, as /readyz says.',
        value: ({ isReady }) => Number(isReady),
      },
      {
        name: 'codi_healthy',
        type: 'gauge',
        help: 'Whether every part does its work: 1 or 0, as /health says.',
        value: ({ isHealthy }) => Number(isHealthy),
      },
      {
        name: 'codi_clients',
        type: 'gauge',
        help: 'Clients that are connected.',
        value: ({ clients }) => clients,
      },
      {
        name: 'codi_roots',
        type: 'gauge',
        help: 'Watched roots.',
        value: ({ roots }) => roots,
      },
      {
        name: 'codi_roots_away',
        type: 'gauge',
        help: 'Watched roots that are gone or cannot be watched.',
        value: ({ rootsAway }) => rootsAway,
      },
      {
        name: 'codi_gaps_open',
        type: 'gauge',
        help: 'Doubts about what is watched that have no end yet.',
        value: ({ openGaps }) => openGaps,
      },
      {
        name: 'codi_files',
        type: 'gauge',
        help: 'Files under the watched roots.',
        value: ({ files }) => files,
      },
      {
        name: 'codi_ingest_buffer_bytes',
        type: 'gauge',
        help: 'Bytes that wait for the ledger.',
        value: ({ waitingBytes }) => waitingBytes,
      },
      {
        name: 'codi_log_lines_lost_total',
        type: 'counter',
        help: "The daemon's own log lines that could not be written.",
        isTotal: true,
        value: ({ lostLines }) => lostLines,
      },
    ],
  }),
} as const;
