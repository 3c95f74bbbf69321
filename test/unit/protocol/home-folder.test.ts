import { userInfo } from 'node:os';
import { isAbsolute } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { homeFolder } from '#codi/protocol/home-folder.js';

afterEach(() => {
  vi.unstubAllEnvs();
});

it('HOME is the home folder', () => {
  vi.stubEnv('HOME', '/home/somebody');
  expect(homeFolder()).toBe('/home/somebody');
});

it.each(['', 'somewhere'])(
  'HOME "%s" names no folder: the list of users tells where home is',
  (home) => {
    vi.stubEnv('HOME', home);
    expect(homeFolder()).toBe(userInfo().homedir);
    expect(isAbsolute(homeFolder())).toBe(true);
  },
);
