import { expect, test } from 'vitest';

import { loadConfig } from '#codi/config/load.js';
import { resolveConfigPath, resolvePaths } from '#codi/config/paths.js';
import type { Machine } from '#codi/protocol/places.js';

const BARE: Machine = { home: '/home/ana', uid: 1000, cwd: '/home/ana/shop', env: {} };
const XDG: Machine = {
  ...BARE,
  env: {
    XDG_RUNTIME_DIR: '/run/user/1000',
    XDG_STATE_HOME: '/state/',
    XDG_CONFIG_HOME: '/config',
  },
};

function paths(flags: Record<string, string>, machine = XDG) {
  const result = loadConfig({ env: {}, flags });
  if (!result.ok) throw new Error('The flags do not load.');
  return resolvePaths(result.config, machine);
}

test('By default the XDG folders are used.', () => {
  expect(paths({})).toEqual({
    dataDir: '/state/codi',
    socketPath: '/run/user/1000/codi/monitor.sock',
    spoolDir: '/state/codi/spool',
    debugSocketPath: '/run/user/1000/codi/monitor.debug.sock',
    configPath: '/config/codi/config.toml',
    runtimeDir: '/run/user/1000/codi',
  });
});

test('Without XDG variables the home folder and a folder of the user in /tmp are used.', () => {
  expect(paths({}, BARE)).toEqual({
    dataDir: '/home/ana/.local/state/codi',
    socketPath: '/tmp/codi-1000/monitor.sock',
    spoolDir: '/home/ana/.local/state/codi/spool',
    debugSocketPath: '/tmp/codi-1000/monitor.debug.sock',
    configPath: '/home/ana/.config/codi/config.toml',
    runtimeDir: '/tmp/codi-1000',
  });
});

test('Relative XDG variables are ignored.', () => {
  const machine = { ...BARE, env: { XDG_RUNTIME_DIR: 'run', XDG_STATE_HOME: '' } };
  expect(paths({}, machine)).toEqual(paths({}, BARE));
});

test('Another data directory has a socket of its own, always the same one.', () => {
  const other = paths({ 'storage.data_dir': '/data/one' });
  expect(other.dataDir).toBe('/data/one');
  expect(other.socketPath).toMatch(/^\/run\/user\/1000\/codi\/[0-9a-f]{12}\/monitor\.sock$/);
  expect(paths({ 'storage.data_dir': '/data/two/../one/' })).toEqual(other);
  expect(paths({ 'storage.data_dir': '/data/two' }).socketPath).not.toBe(other.socketPath);
  expect(paths({ 'storage.data_dir': '/state/codi' })).toEqual(paths({}));
});

test('A named socket is taken as it is, and the debug socket stands beside it.', () => {
  const named = paths({ 'storage.data_dir': '/data', 'monitor.unix_socket_path': 'my.sock' });
  expect(named.socketPath).toBe('/home/ana/shop/my.sock');
  expect(named.debugSocketPath).toBe('/home/ana/shop/my.debug.sock');
  expect(paths({ 'monitor.unix_socket_path': '/s/plain' }).debugSocketPath).toBe(
    '/s/plain.debug.sock',
  );
  expect(paths({ 'debug.socket_path': '~/d' }).debugSocketPath).toBe('/home/ana/d');
});

test('The folder of the original sqlite_path is the data directory unless one is named.', () => {
  expect(paths({ 'storage.sqlite_path': '~/.codi/codi.db' }).dataDir).toBe('/home/ana/.codi');
  expect(paths({ 'storage.sqlite_path': '/var/lib/codi' }).dataDir).toBe('/var/lib/codi');
  const both = paths({ 'storage.sqlite_path': '/a/x.db', 'storage.data_dir': '/b' });
  expect(both.dataDir).toBe('/b');
});

test('The configuration file is the one named by flag, then by CODI_CONFIG, then the default.', () => {
  const machine = { ...BARE, env: { CODI_CONFIG: 'codi.toml' } };
  expect(resolveConfigPath(machine, '/etc/codi.toml')).toEqual({
    path: '/etc/codi.toml',
    isNamed: true,
  });
  expect(resolveConfigPath(machine)).toEqual({
    path: '/home/ana/shop/codi.toml',
    isNamed: true,
  });
  expect(resolveConfigPath(BARE).isNamed).toBe(false);
});
