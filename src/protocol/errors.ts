import { CONFIG_ERRORS } from './config-errors.ts';
import { DAEMON_ERRORS } from './daemon-errors.ts';
import type { ErrorRow, ExitCode } from './error-row.ts';
import { EXPORT_ERRORS } from './export-errors.ts';
import { HEALING_ERRORS } from './healing-errors.ts';
import { SESSION_ERRORS } from './session-errors.ts';
import { stringifyJson } from './json-text.ts';
import type { JsonValue } from './json-value.ts';
import { WIRE_ERRORS } from './wire-errors.ts';

export { EXIT } from './error-row.ts';
export type { ErrorRow, ExitCode } from './error-row.ts';

/** Every error a user, a client or a script can meet. docs/errors.md is generated from it. */
export const ERRORS = {
  ...DAEMON_ERRORS,
  ...CONFIG_ERRORS,
  ...HEALING_ERRORS,
  ...EXPORT_ERRORS,
  ...SESSION_ERRORS,
  ...WIRE_ERRORS,
} as const;

/** Codes and numbers that were given out once and must not be used again. */
export const TOMBSTONES: readonly { readonly code: string; readonly number: number }[] = [];

export type ErrorCode = keyof typeof ERRORS;

/** What the placeholders are filled with; it goes on the wire, so only what JSON can say. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

/** An error as an `Error` message or a `--json` command carries it. */
export interface WireError {
  code: string;
  message: string;
  details?: JsonValue | undefined;
  hint?: string | null | undefined;
  retryable?: boolean | null | undefined;
}

const BRAND = Symbol.for('codi.error');

/** An expected failure with a stable code. Recognise it with `isCodiError`, not `instanceof`. */
export class CodiError extends Error {
  override readonly name = 'CodiError';
  readonly [BRAND] = true;
  /** One of `ERRORS`, or a code that only a newer peer knows. */
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly retryable: boolean;
  readonly hint: string;

  constructor(
    code: ErrorCode,
    details: ErrorDetails = {},
    options: { cause?: unknown; message?: string; hint?: string; retryable?: boolean } = {},
  ) {
    const row: ErrorRow | undefined = Object.hasOwn(ERRORS, code) ? ERRORS[code] : undefined;
    super(
      options.message ?? fill(row?.message ?? code, details),
      'cause' in options ? { cause: options.cause } : {},
    );
    this.code = code;
    this.details = details;
    this.retryable = options.retryable ?? row?.retryable ?? false;
    this.hint = options.hint ?? fill(row?.hint ?? '', details);
  }

  /** The same as `isCodiError`. */
  static is(value: unknown): value is CodiError {
    return isCodiError(value);
  }

  /** The body of an `Error` message. */
  toWire(): WireError & { code: ErrorCode } {
    return {
      code: this.code,
      message: this.message,
      details: Object.keys(this.details).length > 0 ? (this.details as JsonValue) : null,
      hint: this.hint === '' ? null : this.hint,
      retryable: this.retryable,
    };
  }

  /** What a peer reported; its words are kept, also when its code is not known here. */
  static fromWire(wire: WireError): CodiError {
    const { code, message, details, hint, retryable } = wire;
    return new CodiError(code as ErrorCode, isDetails(details) ? details : {}, {
      message,
      ...(typeof hint === 'string' ? { hint } : {}),
      ...(typeof retryable === 'boolean' ? { retryable } : {}),
    });
  }
}

/** The same as `CodiError.fromWire`. */
export function fromWire(wire: WireError): CodiError {
  return CodiError.fromWire(wire);
}

/** Whether the value is a CodiError, also one made by another copy of this module. */
export function isCodiError(value: unknown): value is CodiError {
  return typeof value === 'object' && value !== null && BRAND in value;
}

/** What a command exits with for this failure; anything that is no CodiError is 1. */
export function exitCodeOf(error: unknown): ExitCode {
  return isCodiError(error) && Object.hasOwn(ERRORS, error.code) ? ERRORS[error.code].exit : 1;
}

/** Whether a connection that caused this error is closed after the answer. */
export function closesConnection(code: ErrorCode): boolean {
  const row: ErrorRow | undefined = Object.hasOwn(ERRORS, code) ? ERRORS[code] : undefined;
  return row?.closes === true;
}

function fill(template: string, details: ErrorDetails): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const value = Object.hasOwn(details, name) ? details[name] : undefined;
    if (value === undefined) return '?';
    return typeof value === 'string' ? value : stringifyJson(value as JsonValue);
  });
}

function isDetails(value: unknown): value is ErrorDetails {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
