import { posix } from 'node:path';
import { absolute, type Machine } from '../protocol/places.ts';
import type { Config } from './schema.ts';

/** One place to which file events are written. */
export interface EventLogTarget {
  readonly format: 'json' | 'text';
  /** Absolute; `-`: standard output. */
  readonly path: string;
}

const STDOUT = ['-', '/dev/stdout'];

/** Where a configuration wants file events written. */
export function eventLogPlan(
  { eventsLog }: Config,
  dataDir: string,
  machine: Machine,
): EventLogTarget[] {
  const { isEnabled, jsonFile, textFile } = eventsLog;
  const target = (format: EventLogTarget['format'], name: string | undefined, usual: string) => {
    if (name === undefined) return isEnabled ? [{ format, path: posix.join(dataDir, usual) }] : [];
    return [{ format, path: STDOUT.includes(name) ? '-' : absolute(name, machine) }];
  };
  return [
    ...target('json', jsonFile, 'events.log'),
    ...target('text', textFile, 'events-human.log'),
  ];
}
