import { defineEvent, number, oneOf, text } from '../event-definition.ts';

const path = text('The watched root.');

export const CONTENT_EVENTS = {
  ContentRead: defineEvent({
    level: 'debug',
    sentence: 'Read {files} files of {path}, {bytes} bytes, in {durationMs} ms.',
    fields: {
      path,
      when: oneOf('Before their change was recorded, or after.', ['atOnce', 'later']),
      files: number('Files that have a checksum from it.'),
      bytes: number('Bytes that were read, also of files that changed meanwhile.'),
      durationMs: number('Time of the reading, in milliseconds.'),
    },
    metrics: [
      {
        name: 'codi_checksum_files_total',
        type: 'counter',
        help: 'Files that were read and have a checksum from it.',
        labels: ['when'],
        value: ({ files }) => files,
        startsAtZero: true,
      },
      {
        name: 'codi_checksum_bytes_total',
        type: 'counter',
        help: 'Bytes of watched files that were read for checksums.',
        labels: ['when'],
        value: ({ bytes }) => bytes,
        startsAtZero: true,
      },
      {
        name: 'codi_checksum_duration_seconds',
        type: 'histogram',
        help: 'Time in which the files of one task were read.',
        labels: ['when'],
        value: ({ durationMs }) => durationMs / 1000,
        buckets: [0.001, 0.005, 0.025, 0.1, 0.25, 1, 5, 30],
      },
    ],
    repeatedBy: ['path', 'when'],
  }),
  ChecksumPutOff: defineEvent({
    level: 'debug',
    sentence: 'A file of {path} has no checksum yet: {reason}.',
    fields: {
      path,
      reason: oneOf('Why it was not read now.', [
        'large',
        'growing',
        'changed',
        'late',
        'unreadable',
        'forbidden',
        'tooLarge',
        'noRoom',
      ]),
    },
    metrics: [
      {
        name: 'codi_checksums_put_off_total',
        type: 'counter',
        help: 'Times a file was not read, or not to its end, by the reason. `noRoom`: too many wait; the index tells which.',
        labels: ['reason'],
        startsAtZero: true,
      },
    ],
    repeatedBy: ['path', 'reason'],
  }),
} as const;
