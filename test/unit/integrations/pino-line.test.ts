import { entryInstead, entryOfLine } from '#codi/integrations/pino-line.js';
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

test('What stands in for a line that is too large is found where the line would be.', () => {
  const line = {
    level: 40,
    time: 1_700_000_000_123,
    name: 'shop',
    session_id: 's',
    msg: 'm'.repeat(5_000),
  };
  expect(entryInstead(entryOfLine({ ...line, big: 1 }, {}), 'too large')).toEqual({
    level: 'Warn',
    component: 'shop',
    message: 'm'.repeat(1_000),
    session_id: 's',
    timestamp: '2023-11-14T22:13:20.123Z',
    metadata: { not_taken: 'too large' },
  });
});

test('What stands in for a line with names that are too long has shorter ones.', () => {
  const line = { name: 'ß'.repeat(300), session_id: '語'.repeat(300), msg: 'm' };
  const { component, session_id } = entryInstead(entryOfLine(line, {}), 'too long');
  expect(component).toBe('ß'.repeat(80));
  expect(session_id).toBe('語'.repeat(80));
});

test.each([8.64e15, -8.64e15, 1e18])('A time that cannot be written is left out: %s.', (time) => {
  expect(entryOfLine({ time, msg: 'm' }, {})).toEqual({
    level: 'Info',
    component: 'pino',
    message: 'm',
  });
});
