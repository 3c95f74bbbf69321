import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeError, describeExit } from '#codi/supervisor/index.js';

describe('describeError', () => {
  it('says what an error says, with its code', () => {
    expect(describeError(new TypeError('bad'))).toBe('TypeError: bad');
    expect(describeError(new Error(''))).toBe('Error');
    const coded = Object.assign(new Error('disk I/O error'), { code: 'SQLITE_IOERR' });
    expect(describeError(coded)).toBe('Error: disk I/O error (SQLITE_IOERR)');
    const known = Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' });
    expect(describeError(known)).toBe('Error: ENOENT: no such file');
  });

  it('never throws, whatever was thrown', () => {
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    const hostile = [
      circular,
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('trap');
          },
          getPrototypeOf: () => {
            throw new Error('trap');
          },
        },
      ),
      Object.defineProperty(new Error('x'), 'message', {
        get: () => {
          throw new Error('getter');
        },
      }),
      Object.assign(new Error('x'), { message: Symbol('no string') }),
      Object.create(null),
      Symbol('s'),
      () => undefined,
      {
        toJSON: () => {
          throw new Error('toJSON');
        },
      },
      { toJSON: () => undefined },
      1n,
    ];
    for (const value of hostile) expect(typeof describeError(value)).toBe('string');
    fc.assert(fc.property(fc.anything(), (value) => typeof describeError(value) === 'string'));
  });

  it('keeps it short', () => {
    expect(describeError('x'.repeat(1_000_000)).length).toBeLessThan(2_100);
  });

  it('words every exit reason', () => {
    expect(describeExit({ kind: 'killed', by: 'timeout' })).toBe('killed by timeout');
    expect(describeExit({ kind: 'abandoned', by: 'timeout', afterMs: 7 })).toBe(
      'abandoned by timeout after 7 ms',
    );
    expect(describeExit({ kind: 'abandoned', by: 'operator', why: 'stuck' })).toBe(
      'abandoned by operator: stuck',
    );
    expect(describeExit({ kind: 'unresponsive', silentMs: 5_000.4 })).toBe(
      'unresponsive for 5000 ms',
    );
    expect(describeExit({ kind: 'startTimeout', afterMs: 5 })).toBe('not ready after 5 ms');
    expect(describeExit({ kind: 'mailboxOverflow' })).toBe('mailbox overflow');
    expect(describeExit({ kind: 'shutdown' })).toBe('shutdown');
  });
});
