import { readFileSync } from 'node:fs';
import { isCodiError } from '#codi/protocol/errors.js';
import { DAEMON_ERRORS } from '#codi/protocol/daemon-errors.js';
import { WIRE_ERRORS } from '#codi/protocol/wire-errors.js';
import { SUBSCRIPTION_VERBS } from '#codi/workers/debug/follow-verbs.js';
import { PARAMS, readParams } from '#codi/workers/debug/params.js';
import { READ_VERBS } from '#codi/workers/debug/read-verbs.js';
import { WRITE_VERBS } from '#codi/workers/debug/verb-table.js';
import { WRITES } from '#codi/workers/debug/write-verbs.js';
import { expect, test } from 'vitest';

const text = readFileSync(new URL('../../../../docs/debug-protocol.md', import.meta.url), 'utf8');
const chapters = new Map(
  text.split(/^## /m).map((chapter) => [chapter.split('\n', 1)[0], chapter]),
);
const verbsIn = (chapter: string) =>
  [...(chapters.get(chapter) ?? '').matchAll(/^### `(\w+)`$/gm)].map(([, verb]) => verb);

test('docs/debug-protocol.md lists the verbs of the table, each where it belongs.', () => {
  expect(verbsIn('Reading')).toEqual(['hello', ...Object.keys(READ_VERBS)]);
  expect(verbsIn('Subscriptions')).toEqual(Object.keys(SUBSCRIPTION_VERBS));
  expect(verbsIn('Writing')).toEqual([...WRITE_VERBS]);
  expect(Object.keys(WRITES)).toEqual([...WRITE_VERBS]);
  const all = ['hello', ...Object.keys({ ...READ_VERBS, ...SUBSCRIPTION_VERBS, ...WRITES })];
  expect(Object.keys(PARAMS).sort()).toEqual(all.sort());
});

test('Every request on the page is one, and each verb has an example.', () => {
  const requests = [...text.matchAll(/^→ (.*)$/gm)].map(([, line]) => JSON.parse(line!));
  for (const request of requests) {
    expect(request).toHaveProperty('id');
    expect(() => readParams(request.verb, request), request.verb).not.toThrow();
  }
  const shown = new Set(requests.map(({ verb }) => verb));
  expect(Object.keys(PARAMS).filter((verb) => !shown.has(verb))).toEqual([]);
});

test('The errors on the page are in the table of errors.', () => {
  const codes = [...text.matchAll(/^\| `(CODI_\w+)`/gm)].map(([, code]) => code);
  expect(codes.length).toBeGreaterThan(5);
  for (const code of codes) expect({ ...DAEMON_ERRORS, ...WIRE_ERRORS }).toHaveProperty(code!);
});

test('A wrong parameter is named, with its verb.', () => {
  const problem = (verb: keyof typeof PARAMS, params: object) => {
    try {
      readParams(verb, params);
    } catch (error) {
      if (isCodiError(error)) return error.message;
    }
    return undefined;
  };
  expect(problem('inspect', {})).toMatch(/inspect: path: /);
  expect(problem('top', { interval_ms: 10 })).toMatch(/top: interval_ms: .*1000/);
  expect(problem('trace', { pattern: '**', limit: 1 })).toMatch(/trace: for_ms: /);
  expect(problem('hello', { anything: 1 })).toBeUndefined();
});
