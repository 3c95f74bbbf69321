import type { Level } from '../../protocol/kinds.ts';
import type { JsonValue } from '../../protocol/json-value.ts';

/** A level, and whether the old word says more than it. */
export interface ReadLevel {
  readonly level: Level;
  readonly isExact: boolean;
}

const EXACT: Readonly<Record<string, Level>> = {
  trace: 'Trace',
  debug: 'Debug',
  info: 'Info',
  warn: 'Warn',
  error: 'Error',
  '10': 'Trace',
  '20': 'Debug',
  '30': 'Info',
  '40': 'Warn',
  '50': 'Error',
};

const NEAR: Readonly<Record<string, Level>> = {
  verbose: 'Trace',
  silly: 'Trace',
  information: 'Info',
  informational: 'Info',
  notice: 'Info',
  log: 'Info',
  success: 'Info',
  warning: 'Warn',
  err: 'Error',
  fatal: 'Error',
  critical: 'Error',
  crit: 'Error',
  alert: 'Error',
  emerg: 'Error',
  emergency: 'Error',
  panic: 'Error',
  '60': 'Error',
};

/** Words in any case, and pino's numbers; undefined for what is neither. */
export function readLevel(value: JsonValue): ReadLevel | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const word = String(value).trim().toLowerCase();
  const exact = Object.hasOwn(EXACT, word) ? EXACT[word] : undefined;
  if (exact) return { level: exact, isExact: true };
  const near = Object.hasOwn(NEAR, word) ? NEAR[word] : undefined;
  return near && { level: near, isExact: false };
}
