import { isAbsolute, resolve } from 'node:path';
import { LEVELS } from '../protocol/kinds.ts';
import type { Level } from '../protocol/kinds.ts';
import type { Invocation } from './invocation.ts';
import { nearest } from './nearest.ts';
import { parseDuration, parseSize, parseTime } from './time-expression.ts';
import type { Parsed } from './time-expression.ts';
import { usageError } from './usage-error.ts';

// Readers of argument values: each throws a usage error that says what would be right.

function required<T>(parsed: Parsed<T>): T {
  if (parsed.ok) return parsed.value;
  throw usageError(parsed.reason);
}

export function readTime(text: string | undefined, invocation: Invocation): string | undefined {
  return text === undefined ? undefined : required(parseTime(text, invocation.io.nowMs()));
}

export function readDurationMs(text: string): number {
  return required(parseDuration(text));
}

/** In bytes. */
export function readSize(text: string): number {
  return required(parseSize(text));
}

export function readCount(text: string, what: string, minimum = 1): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count >= minimum && Number.isSafeInteger(count)) return count;
  const article = /^[aeiou]/.test(what) ? 'an' : 'a';
  throw usageError(`'${text}' is not ${article} ${what}; give a whole number from ${minimum}`);
}

export function readLevel(text: string): Level {
  const wanted = text.toLowerCase();
  const level = LEVELS.find(
    (known) => known.toLowerCase() === (wanted === 'warning' ? 'warn' : wanted),
  );
  if (level) return level;
  const names = LEVELS.map((known) => known.toLowerCase());
  const like = nearest(wanted, names);
  const hint = like === undefined ? '' : `did you mean ${like}? `;
  throw usageError(`'${text}' is not a level`, `${hint}levels are ${names.join(', ')}`);
}

export function readChoice<Choice extends string>(
  text: string,
  choices: readonly Choice[],
  what: string,
): Choice {
  const choice = choices.find((known) => known === text);
  if (choice !== undefined) return choice;
  const like = nearest(text, choices);
  const hint = like === undefined ? '' : `did you mean ${like}? `;
  throw usageError(`'${text}' is not ${what}`, `${hint}possible are ${choices.join(', ')}`);
}

/** `user=42`: the value is a number, true, false or null when it reads as one, text otherwise. */
export function readMetadata(pairs: readonly string[]): Record<string, unknown> | undefined {
  if (pairs.length === 0) return undefined;
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      if (at > 0) return [pair.slice(0, at), metadataValue(pair.slice(at + 1))];
      throw usageError(`'${pair}' is not key=value`, 'write for example --meta user=42');
    }),
  );
}

function metadataValue(text: string): unknown {
  if (text === 'true' || text === 'false' || text === 'null') return JSON.parse(text) as unknown;
  // Only what comes out as it went in: 007 and 1e999 stay text, so do ids beyond 2^53.
  const isNumber = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(text);
  const number = Number(text);
  if (!isNumber || !Number.isFinite(number)) return text;
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? text : number;
}

/** A path as the user named it, made absolute from the current directory. */
export function readPath(text: string, invocation: Invocation): string {
  return isAbsolute(text) ? resolve(text) : resolve(invocation.io.cwd, text);
}

/** Gathers an option that may be given several times. */
export function gather(value: string, before: readonly string[] | undefined): string[] {
  return [...(before ?? []), value];
}
