import { describe, expect, it } from 'vitest';
import { CONFIG_ERRORS } from '#codi/protocol/config-errors.js';
import { DAEMON_ERRORS } from '#codi/protocol/daemon-errors.js';
import {
  closesConnection,
  CodiError,
  ERRORS,
  exitCodeOf,
  fromWire,
  isCodiError,
  TOMBSTONES,
} from '#codi/protocol/errors.js';
import type { ErrorCode, ErrorRow } from '#codi/protocol/errors.js';
import { EXPORT_ERRORS } from '#codi/protocol/export-errors.js';
import { HEALING_ERRORS } from '#codi/protocol/healing-errors.js';
import { SESSION_ERRORS } from '#codi/protocol/session-errors.js';
import { WIRE_ERRORS } from '#codi/protocol/wire-errors.js';

const rows = Object.entries(ERRORS) as [ErrorCode, ErrorRow][];

describe('the error table', () => {
  it('gives every code and number once, and none that was given up', () => {
    const numbers = [...rows.map(([, row]) => row.number), ...TOMBSTONES.map((row) => row.number)];
    expect(new Set(numbers).size).toBe(numbers.length);
    const tables = [
      CONFIG_ERRORS,
      DAEMON_ERRORS,
      EXPORT_ERRORS,
      HEALING_ERRORS,
      SESSION_ERRORS,
      WIRE_ERRORS,
    ];
    expect(rows).toHaveLength(tables.flatMap((table) => Object.keys(table)).length);
    for (const { code } of TOMBSTONES) expect(ERRORS).not.toHaveProperty(code);
  });

  it('speaks with one voice: code in capitals, one line, no full stop', () => {
    for (const [code, { message, hint }] of rows) {
      expect(code).toMatch(/^CODI_[A-Z_]+$/);
      expect(message).toMatch(/^[^\n]*[^.\n]$/);
      expect(hint).toMatch(/^([^\n]*[^.\n])?$/);
    }
  });

  it('names a stable exit code for scripts', () => {
    expect(exitCodeOf(new CodiError('CODI_UNREACHABLE'))).toBe(69);
    expect(exitCodeOf(new CodiError('CODI_USAGE'))).toBe(2);
    expect(exitCodeOf(new CodiError('CODI_CONFIG'))).toBe(78);
    expect(exitCodeOf(new CodiError('CODI_ALREADY_RUNNING', { pid: 7 }))).toBe(3);
    expect(exitCodeOf(new CodiError('CODI_TRY_AGAIN'))).toBe(75);
    expect(exitCodeOf(new Error('other'))).toBe(1);
  });

  it('closes the connection only where the byte stream cannot be trusted', () => {
    expect(closesConnection('CODI_FRAME_TOO_LARGE')).toBe(true);
    expect(closesConnection('CODI_MESSAGE_INVALID')).toBe(false);
    expect(closesConnection('CODI_NOT_KNOWN' as ErrorCode)).toBe(false);
  });
});

describe('CodiError', () => {
  it('fills placeholders from the details', () => {
    const error = new CodiError('CODI_OVERLOADED', { retryMs: 250 });
    expect(error.message).toBe('the daemon cannot take more at the moment');
    expect(error.hint).toBe('try again in 250 ms');
    expect(error.retryable).toBe(true);
    expect(new CodiError('CODI_TIMEOUT').message).toBe('no answer within ? ms');
  });

  it('keeps its cause', () => {
    const cause = new Error('EACCES');
    expect(new CodiError('CODI_INTERNAL', { reason: 'x' }, { cause }).cause).toBe(cause);
  });

  it('is recognised by its symbol, also when another copy of the module made it', () => {
    const foreign = Object.assign(new Error('x'), { [Symbol.for('codi.error')]: true });
    expect(isCodiError(foreign)).toBe(true);
    expect(CodiError.is(new CodiError('CODI_USAGE'))).toBe(true);
    expect(isCodiError(new Error('x'))).toBe(false);
    expect(isCodiError(null)).toBe(false);
  });

  it('comes through the wire unchanged', () => {
    const error = new CodiError('CODI_SEQUENCE_GAP', { sequence: 9, expected: 7 });
    const copy = fromWire(error.toWire());
    expect(copy).toMatchObject({ code: error.code, message: error.message, hint: error.hint });
    expect(copy.details).toEqual(error.details);
    expect(copy.retryable).toBe(true);
  });

  it('keeps the words of a peer whose code is not known here', () => {
    const error = fromWire({ code: 'InvalidMessage', message: 'bad frame', details: null });
    expect(error).toMatchObject({ code: 'InvalidMessage', message: 'bad frame', hint: '' });
    expect(error.retryable).toBe(false);
    expect(exitCodeOf(error)).toBe(1);
  });
});
