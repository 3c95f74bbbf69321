import { defineEvent, number, text } from '../event-definition.ts';

const file = text('Name of the file in the spool folder.');

export const SPOOL_EVENTS = {
  SpoolsMeasured: defineEvent({
    level: 'trace',
    sentence: '{files} spool files wait, {bytes} bytes.',
    fields: {
      files: number('Files that are not ingested yet.'),
      bytes: number('Bytes in them.'),
      rejectedFiles: number('Files with lines that could not be ingested.'),
    },
    metrics: [
      {
        name: 'codi_spool_files',
        type: 'gauge',
        help: 'Files that clients left in the spool and that are not ingested yet.',
        value: ({ files }) => files,
      },
      {
        name: 'codi_spool_bytes',
        type: 'gauge',
        help: 'Bytes in them.',
        value: ({ bytes }) => bytes,
      },
      {
        name: 'codi_spool_rejected_files',
        type: 'gauge',
        help: 'Files that hold lines which could not be ingested, until somebody removes them.',
        value: ({ rejectedFiles }) => rejectedFiles,
      },
    ],
  }),
  SpoolIngested: defineEvent({
    level: 'info',
    sentence: 'Ingested {entries} spooled entries from {file}.',
    fields: { file, entries: number('Entries that the ledger has now, or had already.') },
    metrics: [
      {
        name: 'codi_spool_entries_ingested_total',
        type: 'counter',
        help: 'Spooled entries that were handed to the ledger; it may have had some already.',
        value: ({ entries }) => entries,
      },
    ],
    repeatedBy: [],
  }),
  SpoolLineRejected: defineEvent({
    level: 'warn',
    sentence: 'Line {line} of {file} could not be ingested and is kept aside: {reason}.',
    fields: { file, line: number('Number of the line, from 1.'), reason: text('Why.') },
    metrics: [
      {
        name: 'codi_spool_lines_rejected_total',
        type: 'counter',
        help: 'Lines of the spool that could not be ingested and were kept aside.',
      },
    ],
    repeatedBy: ['reason'],
  }),
  SpoolHoleClosed: defineEvent({
    level: 'warn',
    sentence: '{count} entries are missing in {file}; those behind them went on.',
    fields: { file, count: number('Numbers of the producer that no line has.') },
    metrics: [
      {
        name: 'codi_spool_entries_missing_total',
        type: 'counter',
        help: 'Numbers of producers that no line of the spool had any more.',
        value: ({ count }) => count,
      },
    ],
    repeatedBy: [],
  }),
  SpoolFileFailed: defineEvent({
    level: 'warn',
    sentence: '{file} in the spool cannot be read: {reason}.',
    fields: { file, reason: text('Why.') },
    metrics: [
      {
        name: 'codi_spool_file_failures_total',
        type: 'counter',
        help: 'Files in the spool that could not be read, once for each reason; they stay and are tried again.',
      },
    ],
    repeatedBy: ['file', 'reason'],
  }),
} as const;
