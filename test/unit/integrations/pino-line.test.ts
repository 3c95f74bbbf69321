import { entryOfLine } from '#codi/integrations/pino-line.js';
import { expect, test } from 'vitest';

test.each([
  [10, 'Trace'],
  [20, 'Debug'],
  [25, 'Debug'],
  [30, 'Info'],
  [40, 'Warn'],
  [50, 'Error'],
  [60, 'Error'],
  ['WARN', 'Warn'],
  ['loud', 'Info'],
  [undefined, 'Info'],
  [0, 'Trace'],
])('Level %s is %s.', (level, expected) => {
  expect(entryOfLine({ level, msg: 'm' }, {}).level).toBe(expected);
});

test('Everything that has no place of its own is metadata.', () => {
  const line = { level: 30, time: 1_700_000_000_123, name: 'shop', msg: 'm', pid: 7, a: { b: 1 } };
  expect(entryOfLine(line, {})).toEqual({
    level: 'Info',
    component: 'shop',
    message: 'm',
    timestamp: '2023-11-14T22:13:20.123Z',
    metadata: { pid: 7, a: { b: 1 } },
  });
});

test('A component and a message key can be named; the name is metadata then.', () => {
  const keys = { component: 'web', messageKey: 'message' };
  expect(entryOfLine({ name: 'shop', message: 'm', msg: 'kept' }, keys)).toMatchObject({
    component: 'web',
    message: 'm',
    metadata: { name: 'shop', msg: 'kept' },
  });
});

test('Fields of other types than expected are kept as they are, and nothing throws.', () => {
  const line = { time: 'never', name: 7, session_id: 9, msg: { a: 1 } };
  expect(entryOfLine(line, {})).toEqual({
    level: 'Info',
    component: 'pino',
    message: '{"a":1}',
    metadata: { session_id: 9 },
  });
  expect(entryOfLine({}, {})).toEqual({ level: 'Info', component: 'pino', message: '' });
  expect(entryOfLine({ time: '2026-01-02T03:04:05Z' }, {}).timestamp).toBe(
    '2026-01-02T03:04:05.000Z',
  );
});
