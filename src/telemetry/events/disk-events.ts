import { defineEvent, number } from '../event-definition.ts';

/** Room on the disk of the data directory, and what is done when there is none. */
export const DISK_EVENTS = {
  DiskMeasured: defineEvent({
    level: 'trace',
    sentence:
      '{freeBytes} bytes are free on the disk of the ledger, {reserveBytes} more in reserve.',
    fields: {
      freeBytes: number('Bytes that the user of the daemon may still write.'),
      reserveBytes: number('Bytes that the reserve holds.'),
    },
    metrics: [
      {
        name: 'codi_disk_free_bytes',
        type: 'gauge',
        help: 'Free space on the disk of the data directory.',
        value: ({ freeBytes }) => freeBytes,
      },
      {
        name: 'codi_disk_reserve_bytes',
        type: 'gauge',
        help: 'What is kept on the disk for getting out of a full one.',
        value: ({ reserveBytes }) => reserveBytes,
      },
    ],
  }),
  DiskReserveMade: defineEvent({
    level: 'debug',
    sentence: 'Keeps {bytes} bytes of the disk in reserve.',
    fields: { bytes: number('Size of the reserve.') },
  }),
  DiskReserveReleased: defineEvent({
    level: 'warn',
    sentence:
      'The disk is full: {bytes} bytes of reserve are given up, and entries are held back, to make room.',
    fields: { bytes: number('What the reserve held.') },
    metrics: [
      {
        name: 'codi_disk_reserve_releases_total',
        type: 'counter',
        help: 'Times a full disk was cleared with the reserve.',
      },
    ],
  }),
  DiskCleared: defineEvent({
    level: 'info',
    sentence: 'Made room on the full disk; entries were held back for {durationMs} ms.',
    fields: { durationMs: number('Time of the whole run, in milliseconds.') },
    metrics: [
      {
        name: 'codi_disk_clearing_seconds',
        type: 'histogram',
        help: 'How long entries were turned away while room was made.',
        value: ({ durationMs }) => durationMs / 1000,
        buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
      },
    ],
  }),
  DiskStaysFull: defineEvent({
    level: 'error',
    sentence: 'The disk is full, and policy lets nothing go to make room.',
    fields: {},
    metrics: [
      {
        name: 'codi_disk_stays_full_total',
        type: 'counter',
        help: 'Times the disk was full and policy let nothing go.',
      },
    ],
    repeatedBy: [],
  }),
} as const;
