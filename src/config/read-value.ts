import { posix } from 'node:path';

import type { Setting } from './catalogue.ts';
import type { WrittenValue } from './setting.ts';

export type ReadResult =
  | { readonly ok: true; readonly value: unknown; readonly written: WrittenValue }
  | { readonly ok: false; readonly message: string };

const YES = new Set(['true', '1', 'yes', 'on']);
const NO = new Set(['false', '0', 'no', 'off']);

/** Checks a value from TOML or from a program. */
export function readTyped(setting: Setting, raw: unknown): ReadResult {
  const value = setting.kind === 'choice' && typeof raw === 'string' ? raw.toLowerCase() : raw;
  const parsed = setting.schema.safeParse(value);
  if (!parsed.success) return { ok: false, message: `${setting.name} is ${show(raw)}` };
  return { ok: true, value: parsed.data, written: value as WrittenValue };
}

/** Checks a value that came as text: from the environment or the command line. */
export function readText(setting: Setting, text: string): ReadResult {
  return readTyped(setting, fromText(setting, text));
}

/** Paths in a file are relative to the file, wherever the daemon is started. */
export function readFromFile(setting: Setting, raw: unknown, filePath: string): ReadResult {
  const result = readTyped(setting, raw);
  if (!result.ok || setting.kind !== 'path' || typeof result.value !== 'string') return result;
  const isRooted = posix.isAbsolute(result.value) || /^~(\/|$)/.test(result.value);
  return isRooted
    ? result
    : { ...result, value: posix.join(posix.dirname(filePath), result.value) };
}

function fromText(setting: Setting, text: string): unknown {
  const trimmed = text.trim();
  switch (setting.kind) {
    case 'toggle':
      if (YES.has(trimmed.toLowerCase())) return true;
      return NO.has(trimmed.toLowerCase()) ? false : text;
    case 'count':
      return /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : text;
    case 'list':
      return trimmed
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '');
    case 'duration':
      // A bare number keeps its meaning from the file: seconds where the setting takes them.
      return /^\d+$/.test(trimmed) && trimmed !== '0' ? Number(trimmed) : trimmed;
    case 'choice':
    case 'size':
      return trimmed;
    case 'path':
    case 'text':
      return text;
  }
}

function show(raw: unknown): string {
  const shown = typeof raw === 'bigint' ? String(raw) : (JSON.stringify(raw) ?? String(raw));
  return shown.length > 80 ? `${shown.slice(0, 77)}...` : shown;
}
