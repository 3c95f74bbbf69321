import { defineEvent, number, oneOf, text } from '../event-definition.ts';
import { ERROR_CODES } from '../labels.ts';

const STORES = ['ledger', 'state'] as const;
const code = oneOf('Error code.', ERROR_CODES);

export const STORAGE_EVENTS = {
  EntriesCommitted: defineEvent({
    level: 'trace',
    sentence: 'Committed {count} entries and {fileEvents} file events.',
    fields: {
      count: number('Log entries.'),
      fileEvents: number('File events.'),
      bytes: number('Bytes of the commit group.'),
      durationMs: number('Time in the ledger thread, in milliseconds.'),
    },
    metrics: [
      {
        name: 'codi_logs_total',
        type: 'counter',
        help: 'Log entries that are on disk.',
        value: ({ count }) => count,
      },
      {
        name: 'codi_file_events_total',
        type: 'counter',
        help: 'File events that are on disk.',
        value: ({ fileEvents }) => fileEvents,
      },
      {
        name: 'codi_ledger_bytes_total',
        type: 'counter',
        help: 'Bytes that were committed to the ledger.',
        value: ({ bytes }) => bytes,
      },
      {
        name: 'codi_commit_duration_seconds',
        type: 'histogram',
        help: 'Time of a commit of the ledger, fsync included.',
        value: ({ durationMs }) => durationMs / 1000,
        buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      },
    ],
  }),
  EntriesRejected: defineEvent({
    level: 'warn',
    sentence: 'Turned away {count} entries ({code}).',
    fields: { code, count: number('How many.') },
    metrics: [
      {
        name: 'codi_entries_rejected_total',
        type: 'counter',
        help: 'Entries that were not taken; their clients were told.',
        labels: ['code'],
        value: ({ count }) => count,
      },
    ],
    repeatedBy: ['code'],
  }),
  EntriesReplayed: defineEvent({
    level: 'info',
    sentence: 'Gave {count} messages to the restarted ledger again.',
    fields: { count: number('Messages that were not committed when the writer ended.') },
    metrics: [
      {
        name: 'codi_entries_replayed_total',
        type: 'counter',
        help: 'Messages that were given to a restarted ledger again; none is stored twice.',
        value: ({ count }) => count,
      },
    ],
  }),
  StorageRefused: defineEvent({
    level: 'error',
    sentence: 'The ledger takes nothing now ({code}).',
    fields: { code },
    metrics: [
      {
        name: 'codi_storage_refusals_total',
        type: 'counter',
        help: 'Commit groups that could not be written.',
        labels: ['code'],
      },
    ],
    repeatedBy: ['code'],
  }),
  WalMeasured: defineEvent({
    level: 'trace',
    sentence: 'The write-ahead logs are {ledgerWalBytes} and {stateWalBytes} bytes.',
    fields: {
      ledgerWalBytes: number("Bytes of the ledger's log."),
      stateWalBytes: number("Bytes of the state store's log."),
      heldWalBytes: number(
        'Bytes of both that a reader keeps from being moved into the databases.',
      ),
    },
    metrics: [
      {
        name: 'codi_ledger_wal_bytes',
        type: 'gauge',
        help: 'Size of the write-ahead log of the ledger.',
        value: ({ ledgerWalBytes }) => ledgerWalBytes,
      },
      {
        name: 'codi_state_wal_bytes',
        type: 'gauge',
        help: 'Size of the write-ahead log of the state store.',
        value: ({ stateWalBytes }) => stateWalBytes,
      },
      {
        name: 'codi_held_wal_bytes',
        type: 'gauge',
        help: 'Bytes of the write-ahead logs that a reader keeps from being moved into the databases.',
        value: ({ heldWalBytes }) => heldWalBytes,
      },
    ],
  }),
  WalRestarted: defineEvent({
    level: 'debug',
    sentence: 'Restarted the write-ahead log at {bytes} bytes.',
    fields: { bytes: number('Its size before.') },
    metrics: [
      {
        name: 'codi_wal_restarts_total',
        type: 'counter',
        help: 'Times a writer had to restart its write-ahead log itself.',
      },
    ],
  }),
  SegmentArchived: defineEvent({
    level: 'info',
    sentence: 'Archived {entries} entries ({bytes} bytes) in {fileBytes} bytes.',
    fields: {
      entries: number('Entries that left the tables.'),
      bytes: number('Length of their canonical bytes.'),
      fileBytes: number('Size of the segment; 0 when nothing of them is kept.'),
    },
    metrics: [
      {
        name: 'codi_archived_entries_total',
        type: 'counter',
        help: 'Entries that were moved from the ledger to the archive, or deleted where none is kept.',
        value: ({ entries }) => entries,
      },
      {
        name: 'codi_archive_written_bytes_total',
        type: 'counter',
        help: 'Bytes of archive segments written.',
        value: ({ fileBytes }) => fileBytes,
      },
    ],
  }),
  RetentionFailed: defineEvent({
    level: 'warn',
    sentence: 'Retention could not do its work ({code}): {reason}.',
    fields: { code, reason: text('Why.') },
    metrics: [
      {
        name: 'codi_retention_failures_total',
        type: 'counter',
        help: 'Runs of retention that failed.',
        labels: ['code'],
      },
    ],
    repeatedBy: ['code'],
  }),
  RetentionStopped: defineEvent({
    level: 'error',
    sentence: 'Nothing more is archived: {reason}.',
    fields: { reason: text('The block, and what is wrong with it.') },
    metrics: [
      {
        name: 'codi_retention_stops_total',
        type: 'counter',
        help: 'Runs of retention that met a block which does not match its leaf.',
      },
    ],
    repeatedBy: ['reason'],
  }),
  Scrubbed: defineEvent({
    level: 'trace',
    sentence: 'Verified {blocks} blocks of {store}.db again.',
    fields: {
      store: oneOf('Which.', STORES),
      blocks: number('Blocks.'),
      entries: number('Entries in them.'),
    },
    metrics: [
      {
        name: 'codi_scrub_blocks_total',
        type: 'counter',
        help: 'Blocks that were verified in the background.',
        labels: ['store'],
        value: ({ blocks }) => blocks,
      },
    ],
  }),
  ScrubPassEnded: defineEvent({
    level: 'info',
    sentence: 'All {blocks} blocks of {store}.db are verified, {damaged} of them damaged.',
    fields: {
      store: oneOf('Which.', STORES),
      blocks: number('Blocks there are.'),
      damaged: number('Places where something is not as it was committed; at most 20 are counted.'),
      atSeconds: number('When, in seconds since 1970.'),
    },
    metrics: [
      {
        name: 'codi_scrub_pass_timestamp_seconds',
        type: 'gauge',
        help: 'When the last full verification in the background ended.',
        labels: ['store'],
        value: ({ atSeconds }) => atSeconds,
      },
    ],
  }),
  ScrubFoundDamage: defineEvent({
    level: 'error',
    sentence: 'The verification of {store}.db found damage: {reason}.',
    fields: { store: oneOf('Which.', STORES), reason: text('Where, and what was found.') },
    metrics: [
      {
        name: 'codi_scrub_damage_total',
        type: 'counter',
        help: 'Places where the verification in the background found damage, also in archive segments.',
        labels: ['store'],
      },
    ],
    repeatedBy: ['store', 'reason'],
  }),
  StoreDamageFound: defineEvent({
    level: 'error',
    sentence: '{store}.db is damaged: {reason}.',
    fields: { store: oneOf('Which.', STORES), reason: text('What was found.') },
    metrics: [
      {
        name: 'codi_store_damage_found_total',
        type: 'counter',
        help: 'Times somebody met damage in a database.',
        labels: ['store'],
      },
    ],
    repeatedBy: ['store', 'reason'],
  }),
  StoreHealed: defineEvent({
    level: 'error',
    sentence:
      '{store}.db was damaged ({reason}) and is healed: {entries} entries are there, {lostBlocks} blocks are lost or unproved.',
    fields: {
      store: oneOf('Which.', STORES),
      lostBlocks: number('Blocks of which entries or the leaf are lost.'),
      entries: number('Entries that are in its tables again.'),
      reason: text('What was found.'),
    },
    metrics: [
      {
        name: 'codi_store_healed_total',
        type: 'counter',
        help: 'Times a damaged database was healed.',
        labels: ['store'],
      },
      {
        name: 'codi_store_lost_blocks_total',
        type: 'counter',
        help: 'Blocks that healing found without their entries, or without their leaf.',
        labels: ['store'],
        value: ({ lostBlocks }) => lostBlocks,
      },
    ],
  }),
} as const;
