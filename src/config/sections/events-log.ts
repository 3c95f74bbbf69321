import { z } from 'zod';

import { count, duration, optionalPath, size, toggle } from '../setting.ts';

/** Every recorded file event as a line, for programs and for people. */
export const eventsLog = z.object({
  isEnabled: toggle('enabled', {
    description:
      'Write every recorded file event to two files: a line of JSON to `events.log` and one for people to `events-human.log`, in the data directory unless they are named below.',
    default: false,
  }),
  jsonFile: optionalPath('json_file', {
    description:
      'Where the lines of JSON go: a file, a named pipe, or `-` for the standard output of the daemon. Naming it is enough to have them.',
    derived: '`events.log` in the data directory when `enabled`, else none',
    example: '/var/log/codi/events.log',
  }),
  textFile: optionalPath('text_file', {
    description: 'Where the lines for people go: the same choices.',
    derived: '`events-human.log` in the data directory when `enabled`, else none',
    example: '/var/log/codi/events-human.log',
  }),
  rotateBytes: size('rotate_size', {
    description: 'A file that would become larger is renamed to `<name>.1` first.',
    default: '64MiB',
    min: '1KiB',
    max: '1TiB',
  }),
  rotateMs: duration('rotate_age', {
    description: 'A file that is older is renamed before its next line.',
    default: '7d',
    min: '1s',
    max: '365d',
  }),
  keepCount: count('keep', {
    description: 'Renamed files that are kept, `<name>.1` being the newest.',
    default: 5,
    min: 1,
    max: 1000,
  }),
});
