import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { objectWrapHeader } from '#codi/config/package-files.js';
import { abortingAddon, compileCommand } from '#codi/config/sqlite-addon.js';

const withHooks = (name: string) => (read: string) =>
  Buffer.from(read === name ? '_ZN4node28RemoveEnvironmentCleanupHookEPN2v87IsolateE' : 'none');

test('An addon with the hooks of newer headers ends the process of Node 24, and of no other.', () => {
  for (const name of ['better-sqlite3', 'better-sqlite3-multiple-ciphers']) {
    expect(abortingAddon('24.21.0', withHooks(name))).toBe(name);
    for (const other of ['20.20.2', '22.23.3', '26.12.1'])
      expect(abortingAddon(other, withHooks(name))).toBeUndefined();
  }
  expect(abortingAddon('24.21.0', () => undefined)).toBeUndefined();
});

test('What the set-up compiled here has none of them.', () => {
  expect(abortingAddon('24.21.0')).toBeUndefined();
});

test('The command that compiles it anew is for the folder it is in, with a header of the package.', () => {
  const command = compileCommand('better-sqlite3', objectWrapHeader());
  const words = /^cd '(.*)' && CXXFLAGS='-include (.*)' npm rebuild better-sqlite3 /.exec(command);
  expect(existsSync(`${words![1]}/node_modules/better-sqlite3`)).toBe(true);
  expect(existsSync(words![2]!)).toBe(true);
});
