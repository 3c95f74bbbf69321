// The programs in examples/ talk to the daemon as docs/protocol.md says.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect } from 'vitest';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { skipUnless } from '../support/skip.ts';

const EXAMPLES = fileURLToPath(new URL('../../examples', import.meta.url));
const REGISTRY = '/usr/share/cargo/registry';
const CRATES = ['serde_derive', 'rmp-serde', 'uuid', 'chrono', 'serde_json'];
const place = newPlace();
let daemon: RunningDaemon;
let port: number;
beforeAll(async () => {
  port = await freePort();
  // Clients of the original protocol bring no token.
  const env = { CODI_MONITOR_TCP_PORT: `${port}`, CODI_MONITOR_TCP_TOKEN: 'false' };
  daemon = await startDaemon(place, [], { env });
});
afterAll(async () => {
  await daemon.stop();
  place.remove();
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = server.address() as AddressInfo;
      server.close(() => resolve(free));
    });
  });
}

/** A daemon that asks for a token over TCP. */
async function withToken(env: Record<string, string>) {
  const far = newPlace();
  const running = await startDaemon(far, [], { env: { CODI_MONITOR_PORT: '0', ...env } });
  const client = await running.client();
  const { token } = await client.request('CreateToken', { name: 'example', scopes: ['admin'] });
  const { tcp } = await client.request('Health', {});
  await client.close();
  const stop = async () => {
    await running.stop();
    far.remove();
  };
  const farPort = Number(tcp!.address.split(':').at(-1));
  return { token, port: farPort, fingerprint: tcp!.fingerprint ?? '', home: far.home, stop };
}

function where(program: string): string | undefined {
  const { status, stdout } = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

const environment = () => ({ ...process.env, CODI_SOCKET: place.socketPath });

async function messagesOf(component: string): Promise<string[]> {
  const client = await daemon.client();
  const page = await client.request('QueryLogs', { filter: { component }, limit: 100 });
  await client.close();
  return page.entries.map(({ message }) => message).reverse();
}

// netcat is not everywhere; the script takes what there is, and each way is tried alone.
for (const program of ['nc', 'socat', 'python3', 'perl']) {
  const path = where(program);
  skipUnless(path !== undefined, `${program} is not there`)(
    `the shell example writes an entry with ${program}`,
    async () => {
      const bin = join(place.home, `bin-${program}`);
      mkdirSync(bin);
      for (const tool of ['sh', 'sed', 'awk', 'grep', 'id'])
        symlinkSync(where(tool)!, join(bin, tool));
      // A shim of a version manager would look for other programs.
      const real =
        program === 'python3'
          ? execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], {
              encoding: 'utf8',
            }).trim()
          : path!;
      symlinkSync(real, join(bin, program));
      const message = 'back\\slash "quoted"\ttab\nline ünï';
      const run = spawnSync(join(EXAMPLES, 'shell/log.sh'), ['Warn', `shell-${program}`, message], {
        encoding: 'utf8',
        env: { PATH: bin, CODI_SOCKET: place.socketPath },
        timeout: 20_000,
      });
      expect(run.stderr + run.stdout).toContain('"status":"Accepted"');
      expect(run.status).toBe(0);
      expect(await messagesOf(`shell-${program}`)).toEqual([message]);
    },
  );
}

skipUnless(where('python3') !== undefined, 'python3 is not there', { requiredOnCi: true })(
  'the Python example writes entries and reads them back',
  async () => {
    const messages = ['one', 'two ünï', '"three"'];
    const out = execFileSync(
      'python3',
      [join(EXAMPLES, 'python/codi_client.py'), 'python', ...messages],
      {
        encoding: 'utf8',
        env: environment(),
        timeout: 20_000,
      },
    );
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => line.split(' ').slice(2).join(' ')),
    ).toEqual(messages);
    expect(await messagesOf('python')).toEqual(messages);
  },
);

skipUnless(where('python3') !== undefined, 'python3 is not there', { requiredOnCi: true })(
  'the Python example speaks TLS with the daemon whose certificate it was told, and says nothing to another',
  async () => {
    const remote = await withToken({ CODI_MONITOR_TLS: 'true' });
    const run = (fingerprint: string, message: string) =>
      spawnSync('python3', [join(EXAMPLES, 'python/codi_client.py'), 'far', message], {
        encoding: 'utf8',
        env: {
          ...process.env,
          CODI_TCP: `127.0.0.1:${remote.port}`,
          CODI_TOKEN: remote.token,
          CODI_FINGERPRINT: fingerprint,
        },
        timeout: 20_000,
      });
    try {
      const right = run(remote.fingerprint, 'right');
      expect(right.stderr).toBe('');
      expect(right.stdout).toMatch(/ Info right\n$/);
      const wrong = run(remote.fingerprint.replace(/^../, 'ZZ'), 'wrong');
      expect(wrong.stderr).toContain('somebody else answers');
      expect(run(remote.fingerprint, 'after').stdout).toMatch(/ right\n.* after\n$/);
    } finally {
      await remote.stop();
    }
  },
  60_000,
);

const hasCrates = CRATES.every((crate) => where('cargo') !== undefined && hasCrate(crate));

function hasCrate(name: string): boolean {
  return (
    existsSync(REGISTRY) &&
    execFileSync('ls', [REGISTRY], { encoding: 'utf8' })
      .split('\n')
      .some((entry) => entry.startsWith(`${name}-1.`) || entry.startsWith(`${name}-0.`))
  );
}

skipUnless(hasCrates, "cargo or Debian's librust-*-dev packages are not there")(
  'the Rust example sends every original kind in both forms, and decodes every answer, over the Unix socket and TCP',
  async () => {
    const target = join(EXAMPLES, '../.tmp/rust-example');
    const cwd = join(EXAMPLES, 'rust');
    execFileSync('cargo', ['build', '--offline', '--quiet', '--target-dir', target], {
      cwd,
      stdio: 'pipe',
      timeout: 400_000,
    });
    const watched = join(place.home, 'watched');
    mkdirSync(watched);
    const kinds = [
      'SessionStart: Acknowledgment',
      'LogEntry: Acknowledgment',
      'StartMonitoring: Acknowledgment',
      'QueryLogs: LogResults',
      'QueryLogs: Error',
      'StopMonitoring: Acknowledgment',
      'SessionEnd: Acknowledgment',
      'Health: Status',
    ];
    for (const address of [place.socketPath, `127.0.0.1:${port}`]) {
      const program = spawnSync(join(target, 'debug', 'codi-example'), [address, watched], {
        encoding: 'utf8',
        timeout: 60_000,
      });
      expect(program.stderr, address).toBe('');
      expect(program.stdout.trim().split('\n')).toEqual(
        ['compact', 'named'].flatMap((form) => kinds.map((kind) => `${form} ${kind}`)),
      );
      expect(await messagesOf(`rust-named-${program.pid}`)).toEqual(['from Rust: ünï\u{1F980}']);
    }
    const remote = await withToken({ CODI_MONITOR_TLS: 'false' });
    try {
      const program = spawnSync(
        join(target, 'debug', 'codi-example'),
        [`127.0.0.1:${remote.port}`, watched],
        { encoding: 'utf8', env: { ...process.env, CODI_TOKEN: remote.token }, timeout: 60_000 },
      );
      expect(program.stderr).toBe('');
      expect(program.stdout.match(/ Hello: Welcome$/gm)).toHaveLength(2);
    } finally {
      await remote.stop();
    }
  },
  420_000,
);
