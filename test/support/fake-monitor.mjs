// Stands in for codi-monitor: says over IPC what a test asks for in FAKE_MODE.
const { FAKE_MODE = 'good', FAKE_SOCKET: socketPath } = process.env;

const say = (message) => process.send?.(message);

if (FAKE_MODE === 'taken') {
  const message = 'a daemon is already running on this data directory (pid 4711)';
  const error = { code: 'CODI_ALREADY_RUNNING', message, details: { pid: 4711 }, retryable: false };
  process.stderr.write(`error: ${message}\n`);
  process.send({ type: 'failed', error }, () => process.exit(3));
} else if (FAKE_MODE === 'crash') {
  process.stderr.write('something broke\n');
  process.exitCode = 70;
} else {
  process.on('SIGTERM', () => {
    if (FAKE_MODE === 'stubborn')
      return say({ type: 'actor', path: 'x', event: 'restarted', reason: 'heard', afterMs: 1 });
    process.send({ type: 'stopped', durationMs: 200, entries: 12_448, unstopped: [] }, () =>
      process.exit(0),
    );
  });
  process.on('disconnect', () => process.exit(0));
  setInterval(() => undefined, 1000);
  say({
    type: 'ready',
    pid: process.pid,
    version: '0.1.0',
    socketPath,
    dataDir: process.env.CODI_DATA_DIR,
    roots: process.argv.slice(process.argv.indexOf('--') + 1),
    files: 1204,
    httpUrl: 'http://127.0.0.1:9090',
    readyMs: 400,
  });
  const { env } = process;
  const reason = `crashed (debug.write ${env.CODI_DEBUG_WRITE})`;
  say({
    type: 'actor',
    path: 'core/storage/ledger-writer',
    event: 'restarted',
    reason,
    afterMs: 84,
  });
}
