import { EXPORT_KINDS } from '../../protocol/export-names.ts';
import { EXPORT_STATES, ORIGINAL_OUTCOMES } from '../../protocol/export-words.ts';
import { defineEvent, number, oneOf, optional, text } from '../event-definition.ts';

/** What is older than this was not just written: it was found, by a first look or after a pause. */
const FRESH_LIMIT_MS = 60_000;
const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

export const EXPORT_EVENTS = {
  ExportRecorded: defineEvent({
    level: 'info',
    sentence: 'An export was recorded as {state}, {size} bytes.',
    fields: {
      kind: oneOf('What it is.', EXPORT_KINDS),
      state: oneOf('What became of it.', EXPORT_STATES),
      code: optional(text('Why it is not kept.')),
      size: number('Size of the file, in bytes.'),
      secrets: number('Kinds of secrets that were seen in it.'),
      detectionMs: number('From its last change to its event, in milliseconds; -1: unknown.'),
      settledMs: number('From when it had settled to its row, in milliseconds.'),
    },
    metrics: [
      {
        name: 'codi_exports_processed_total',
        type: 'counter',
        help: 'Exports that were captured, are the same as one that was, or were reported.',
        labels: ['state'],
        startsAtZero: true,
      },
      {
        name: 'codi_export_bytes_total',
        type: 'counter',
        help: 'Bytes of exports that were captured.',
        value: ({ state, size }) => (state === 'captured' ? size : undefined),
      },
      {
        name: 'codi_export_secrets_total',
        type: 'counter',
        help: 'Exports in which a known form of secret was seen.',
        value: ({ secrets }) => (secrets > 0 ? 1 : undefined),
      },
      {
        name: 'codi_export_detection_seconds',
        type: 'histogram',
        help: 'From the last change of an export to its file event; files that were found later are left out.',
        value: ({ detectionMs }) =>
          detectionMs >= 0 && detectionMs < FRESH_LIMIT_MS ? detectionMs / 1000 : undefined,
        buckets: SECONDS,
      },
      {
        name: 'codi_export_archive_seconds',
        type: 'histogram',
        help: 'From when an export had settled to its row in the ledger.',
        value: ({ settledMs }) => settledMs / 1000,
        buckets: SECONDS,
      },
    ],
    repeatedBy: ['state'],
  }),
  ExportRetried: defineEvent({
    level: 'warn',
    sentence: 'An export could not be captured, and is tried again: {reason} ({code}).',
    fields: { code: text('The error.'), reason: text('What happened.') },
    metrics: [
      {
        name: 'codi_export_failures_total',
        type: 'counter',
        help: 'Captures that failed and are tried again.',
      },
    ],
    repeatedBy: ['code'],
  }),
  ExportOriginal: defineEvent({
    level: 'info',
    sentence: 'The original of an export that is kept: {outcome}.',
    fields: {
      outcome: oneOf(
        'What became of it; `kept`: it could not be moved or deleted.',
        ORIGINAL_OUTCOMES,
      ),
      reason: optional(text('Why it stays.')),
    },
    metrics: [
      {
        name: 'codi_export_originals_total',
        type: 'counter',
        help: 'Originals of exports that were moved, deleted, gone before that, or could be neither.',
        labels: ['outcome'],
        startsAtZero: true,
      },
    ],
    repeatedBy: ['outcome'],
  }),
  ExportOriginalRetried: defineEvent({
    level: 'warn',
    sentence:
      'The original of an export could not be moved or deleted, and is tried again: {reason}.',
    fields: { reason: text('What happened.') },
    metrics: [],
    repeatedBy: ['reason'],
  }),
  ExportsPruned: defineEvent({
    level: 'info',
    sentence: 'Policy has removed the contents of {contents} exports, {bytes} bytes.',
    fields: {
      contents: number('Contents that are gone; their rows stay.'),
      bytes: number('Of their files.'),
    },
    metrics: [
      {
        name: 'codi_export_contents_pruned_total',
        type: 'counter',
        help: 'Contents of exports that policy has removed.',
        value: ({ contents }) => contents,
      },
    ],
  }),
  ExportArchive: defineEvent({
    level: 'trace',
    sentence: 'Kept contents of exports take {bytes} bytes.',
    fields: { bytes: number('Of their files.') },
    metrics: [
      {
        name: 'codi_export_archive_bytes',
        type: 'gauge',
        help: 'Bytes that kept contents of exports take on the disk.',
        value: ({ bytes }) => bytes,
      },
    ],
  }),
  ExportArchiveFull: defineEvent({
    level: 'warn',
    sentence:
      'Kept contents of exports take {bytes} bytes, more than exports.archive_limit ({limit}): what is left is needed.',
    fields: { bytes: number('Of their files.'), limit: number('As configured, in bytes.') },
    metrics: [],
    repeatedBy: [],
  }),
  ExportBacklog: defineEvent({
    level: 'trace',
    sentence: '{count} exports wait.',
    fields: { count: number('Files that wait to be captured.') },
    metrics: [
      {
        name: 'codi_export_backlog',
        type: 'gauge',
        help: 'Files that wait until they have settled and are captured.',
        value: ({ count }) => count,
      },
    ],
  }),
} as const;
