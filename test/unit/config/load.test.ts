import { expect, test } from 'vitest';

import { SETTINGS } from '#codi/config/catalogue.js';
import { loadConfig } from '#codi/config/load.js';
import type { ConfigResult, ConfigSources } from '#codi/config/load.js';
import { describeOrigin } from '#codi/config/origin.js';
import { describeProblem } from '#codi/config/problem.js';

const FILE = '/home/ana/.config/codi/config.toml';

function load(text: string, more: Partial<ConfigSources> = {}): ConfigResult {
  return loadConfig({ file: { path: FILE, text }, env: {}, ...more });
}

function loaded(result: ConfigResult) {
  if (!result.ok) throw new Error(result.errors.map(describeProblem).join('\n'));
  return result;
}

function problems(result: ConfigResult): string[] {
  return result.ok ? [] : result.errors.map(describeProblem);
}

test('Without file, environment and flags every setting has its default and says so.', () => {
  const { config, origins, warnings } = loaded(loadConfig({ env: {} }));
  expect(config.monitor.settleMs).toBe(150);
  expect(config.limits.ingestLimitBytes).toBe(32 * 1024 * 1024);
  expect(config.storage.recentIdsCount).toBe(100_000);
  expect(config.storage.dataDir).toBeUndefined();
  expect(warnings).toEqual([]);
  for (const setting of SETTINGS) expect(origins[setting.name]?.source).toBe('default');
});

test('Flags win over the environment, which wins over the file.', () => {
  const text = '[monitor]\nsettle = "200ms"\nsettle_max = "2s"\nscan_interval = "1m"\n';
  const env = { CODI_MONITOR_SETTLE: '300ms', CODI_MONITOR_SETTLE_MAX: '3s' };
  const { config, origins } = loaded(load(text, { env, flags: { 'monitor.settle': '400ms' } }));
  expect(config.monitor).toMatchObject({
    settleMs: 400,
    settleMaxMs: 3000,
    scanIntervalMs: 60_000,
  });
  expect(origins['monitor.settle']).toEqual({ source: 'flag', written: '400ms' });
  expect(origins['monitor.settle_max']).toMatchObject({ variable: 'CODI_MONITOR_SETTLE_MAX' });
  expect(origins['monitor.scan_interval']).toEqual({
    source: 'file',
    written: '1m',
    path: FILE,
    line: 4,
  });
  const shown = describeOrigin(origins['monitor.scan_interval']!, 'monitor.scan_interval');
  expect(shown).toBe(`${FILE} line 4`);
});

test('The result is frozen in depth and does not share lists with the schema.', () => {
  const { config } = loaded(load('[server_hub.target]\nurl = "https://hub"\n'));
  expect(Object.isFrozen(config.monitor.ignore)).toBe(true);
  expect(Object.isFrozen(config.serverHub['target'])).toBe(true);
  expect(() => (config.monitor as { settleMs: number }).settleMs++).toThrow(TypeError);
  const again = loaded(loadConfig({ env: {} })).config;
  expect(again.monitor.ignore).toEqual([]);
});

test('The keys of the original are accepted under their names.', () => {
  const text = `
[general]
workspace = "/desk"
log_level = "Info"
session_timeout = 3600
[storage]
sqlite_path = "/var/lib/codi/codi.db"
wal_mode = true
cache_size_mb = 128
retention_days = 90
[monitor]
unix_socket_path = "/tmp/codi-monitor.sock"
tcp_port = 9847
file_batch_size = 100
export_patterns = ["*EXPORT*.txt"]
scan_interval = 5
[server_hub]
url = "https://hub.example"
anything = { at = "all" }
[resource_limits]
memory_mb = 512
cpu_cores = 2
sqlite_cache_mb = 128
connection_pool_size = 100
`;
  const { config } = loaded(load(text));
  expect(config.general).toMatchObject({ logLevel: 'info', sessionTimeoutMs: 3_600_000 });
  expect(config.monitor).toMatchObject({ scanIntervalMs: 5000, tcpPort: 9847 });
  expect(config.serverHub).toMatchObject({ url: 'https://hub.example' });
  expect(config.resourceLimits.connectionPoolSize).toBe(100);
});

test('An unknown key in the file is an error that names the line and what was probably meant.', () => {
  const [line] = problems(load('[monitor]\n# how long\nsetle = "150ms"\n'));
  expect(line).toContain(`${FILE} line 3`);
  expect(line).toContain('did you mean monitor.settle?');
});

test('A key in the wrong section, or in none, is sent to its own.', () => {
  expect(problems(load('[storage]\nsettle = "1s"\n'))[0]).toContain('did you mean monitor.settle?');
  expect(problems(load('log_level = "info"\n'))[0]).toContain('did you mean general.log_level?');
  expect(problems(load('[moniter]\n'))[0]).toContain('did you mean [monitor]?');
  expect(problems(load('monitor = 5\n'))[0]).toContain('monitor is a section');
});

test('A bad value names its place, what was expected and an example; all are told at once.', () => {
  const text = '[monitor]\nsettle = "10 parsecs"\n[limits]\nconnections = 0\n';
  const result = load(text, { env: { CODI_STORAGE_READER_THREADS: 'many' } });
  const lines = problems(result).toSorted();
  expect(lines).toHaveLength(3);
  expect(lines[0]).toBe(
    `${FILE} line 2: monitor.settle is "10 parsecs"; expected a duration from 10ms to 1m; ` +
      'for example settle = "150ms"',
  );
  expect(lines[1]).toContain(`${FILE} line 4`);
  expect(lines[2]).toContain('CODI_STORAGE_READER_THREADS');
});

test('A mistake in the file is told even while the environment hides its value.', () => {
  const env = { CODI_MONITOR_SETTLE: '200ms' };
  expect(problems(load('[monitor]\nsettle = 7\n', { env }))).toHaveLength(1);
});

test('Text that is not TOML is an error with line and column.', () => {
  expect(problems(load('[monitor]\nsettle = \n'))[0]).toMatch(/config\.toml line 2 column \d+/);
});

test('Names from Object.prototype are unknown keys like any other.', () => {
  for (const name of ['__proto__', 'constructor', 'toString']) {
    expect(problems(load(`[monitor]\n${name} = 1\n`)), name).toHaveLength(1);
    expect(problems(load(`[${name}]\na = 1\n`)), name).toHaveLength(1);
  }
});

test('Short names of the environment set their settings.', () => {
  const env = {
    CODI_DATA_DIR: '/data',
    CODI_SOCKET: '/run/codi.sock',
    CODI_CONFIG: '/etc/codi.toml',
    CODI_MONITOR_MODE: 'TCP',
    CODI_MONITOR_PORT: '9000',
    CODI_DEBUG_WRITE: 'yes',
    USER_ID: 'ana',
    TENANT_ID: 'acme',
    SESSION_ID: 's-1',
  };
  const { config, warnings } = loaded(loadConfig({ env }));
  expect(config.storage.dataDir).toBe('/data');
  expect(config.monitor).toMatchObject({
    unixSocketPath: '/run/codi.sock',
    mode: 'tcp',
    tcpPort: 9000,
  });
  expect(config.debug.mayWrite).toBe(true);
  expect(config.general).toMatchObject({ userId: 'ana', tenantId: 'acme', sessionId: 's-1' });
  expect(warnings.filter(({ kind }) => kind === 'unknownVariable')).toEqual([]);
});

test('Unknown CODI_ variables are warnings with a did-you-mean; empty ones count as not set.', () => {
  const env = { CODI_MONITOR_SETLE: '1s', CODI_SOCKET: '', PATH: '/bin' };
  const { config, warnings } = loaded(loadConfig({ env }));
  expect(warnings).toEqual([
    {
      kind: 'unknownVariable',
      key: 'CODI_MONITOR_SETLE',
      message: 'CODI_MONITOR_SETLE is not a variable codi knows; did you mean CODI_MONITOR_SETTLE?',
    },
  ]);
  expect(config.monitor.unixSocketPath).toBeUndefined();
});

test('The long name of a variable wins over its short name, with a warning when they differ.', () => {
  const env = { CODI_STORAGE_DATA_DIR: '/long', CODI_DATA_DIR: '/short' };
  const { config, warnings } = loaded(loadConfig({ env }));
  expect(config.storage.dataDir).toBe('/long');
  expect(warnings).toMatchObject([{ kind: 'shadowed', key: 'CODI_DATA_DIR' }]);
});

test('Lists in the environment are separated by commas.', () => {
  const { config } = loaded(loadConfig({ env: { CODI_MONITOR_IGNORE: '*.tmp, build/,' } }));
  expect(config.monitor.ignore).toEqual(['*.tmp', 'build/']);
});

test('Relative paths in the file are relative to the file; other paths stay as written.', () => {
  const text = '[storage]\ndata_dir = "data"\n[monitor]\nunix_socket_path = "~/codi.sock"\n';
  const { config } = loaded(load(text, { env: { CODI_DEBUG_SOCKET_PATH: 'debug.sock' } }));
  expect(config.storage.dataDir).toBe('/home/ana/.config/codi/data');
  expect(config.monitor.unixSocketPath).toBe('~/codi.sock');
  expect(config.debug.socketPath).toBe('debug.sock');
});

test('What has no effect yet is accepted with a warning.', () => {
  const { warnings } = loaded(load('[storage]\nwal_mode = false\n'));
  expect(warnings.map(({ key }) => key)).toEqual(['storage.wal_mode']);
});

test('A settle time longer than its maximum is refused.', () => {
  expect(problems(load('[monitor]\nsettle = "5s"\n'))[0]).toContain('longer than');
});

test('An unknown flag is an error.', () => {
  const lines = problems(loadConfig({ env: {}, flags: { 'monitor.setle': '1s' } }));
  expect(lines[0]).toContain('did you mean monitor.settle?');
});

test('Every setting has a description, an expectation, an example that loads, and a finite default.', () => {
  for (const setting of SETTINGS) {
    expect(setting.description, setting.name).toMatch(/^[A-Z].*\.$/s);
    expect(setting.defaultValue ?? setting.derived, setting.name).toBeDefined();
    const text = `[${setting.section}]\n${setting.key} = ${setting.example}\n`;
    expect(problems(load(text)), setting.name).toEqual([]);
    if (setting.derived !== undefined) continue;
    if (setting.kind === 'count' || setting.kind === 'size' || setting.kind === 'duration') {
      expect(setting.schema.parse(undefined), setting.name).toSatisfy(Number.isFinite);
    }
  }
});
