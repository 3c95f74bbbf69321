import { describeError } from './describe-error.ts';
import { describeExit, type ExitReason } from './exit-reason.ts';
import type { MessageHeader } from './flight-recorder.ts';
import { shapeOf, toPlain, type Plain } from './plain-data.ts';

/** Types of waiting messages that a report names, and neighbours it describes. */
export const UNREAD_TYPES_LIMIT = 10;
export const NEIGHBOURS_LIMIT = 10;
const STACK_CHARS = 4_000;
const CAUSES_LIMIT = 3;

export interface PlainError {
  name: string;
  message: string;
  code?: string;
  stack?: string;
  cause?: PlainError;
}

/** OTP's crash report as plain data: the crasher, where it stood, what it held, and what it did last. */
export interface CrashReport {
  /** The same for crashes of the same cause in the same place. */
  fingerprint: string;
  /** Wall time, Unix milliseconds. */
  at: number;
  crasher: {
    path: string;
    name: string;
    epoch: number;
    /** path#epoch */
    pid: string;
    isolation: string;
    uptimeMs: number;
    restarts: number;
    messagesHandled: number;
  };
  reason: string;
  error: PlainError | undefined;
  /** Type of the message in hand. */
  message: string | undefined;
  /** Supervisors above it, nearest first. */
  ancestors: string[];
  links: string[];
  monitoredBy: number;
  neighbours: { path: string; epoch: number; state: string; unread: number }[];
  unread: { count: number; types: string[] };
  recent: MessageHeader[];
  machine: MachineSnapshot | undefined;
}

export interface MachineSnapshot {
  /** As one word, and as XState has it. */
  state: string;
  value: Plain;
  tags: string[];
  status: string;
  /** Through the redaction hook; without one only its shape. */
  context: Plain;
}

/** Decides what of an actor's inner data may be shown. */
export type Redact = (view: { path: string; kind: 'context'; value: unknown }) => unknown;

export function redacted(redact: Redact | undefined, path: string, value: unknown): Plain {
  if (!redact) return shapeOf(value);
  try {
    return toPlain(redact({ path, kind: 'context', value }));
  } catch {
    return '<redaction failed>';
  }
}

export function errorOf(reason: ExitReason): PlainError | undefined {
  return 'error' in reason ? plainError(reason.error) : undefined;
}

export function plainError(error: unknown, depth = 0): PlainError {
  if (!(error instanceof Error)) return { name: typeof error, message: describeError(error) };
  try {
    const { name, message, stack, cause } = error;
    const code: unknown = (error as { code?: unknown }).code;
    return {
      name: String(name),
      message: String(message).slice(0, STACK_CHARS),
      ...(typeof code === 'string' ? { code } : {}),
      ...(stack === undefined ? {} : { stack: String(stack).slice(0, STACK_CHARS) }),
      ...(cause === undefined || depth >= CAUSES_LIMIT
        ? {}
        : { cause: plainError(cause, depth + 1) }),
    };
  } catch {
    return { name: 'Error', message: describeError(error) };
  }
}

/** Place, kind of end and first stack frame; numbers in the message do not matter. */
export function fingerprintOf(place: string, reason: ExitReason): string {
  const error = errorOf(reason);
  const frame = error?.stack?.split('\n').find((line) => line.trimStart().startsWith('at ')) ?? '';
  const text = error ? `${error.name} ${error.message}` : describeExit(reason);
  return hash(`${place}\n${reason.kind}\n${text.replaceAll(/\d+/g, '#')}\n${frame.trim()}`);
}

/** FNV-1a, twice with different seeds: 16 hex digits. Tells apart, protects nothing. */
function hash(text: string): string {
  const half = (seed: number) => {
    let state = seed;
    for (let index = 0; index < text.length; index += 1) {
      state = Math.imul(state ^ text.charCodeAt(index), 0x01_00_01_93);
    }
    return (state >>> 0).toString(16).padStart(8, '0');
  };
  return half(0x81_1c_9d_c5) + half(0x12_34_56_78);
}
