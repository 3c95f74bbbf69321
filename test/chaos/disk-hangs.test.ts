// Given a disk whose syncs do not return. Expected during: what waits for it has no answer, the debug socket and
// the daemon's status do. Expected after: the answer, and nothing is lost.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { afterEach, beforeEach, expect } from 'vitest';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { deadline } from '../support/deadline.ts';
import { skipUnless } from '../support/skip.ts';

const hasStrace = spawnSync('strace', ['-V']).status === 0;
const HANGS_MICROSECONDS = 600_000_000;

let place: DaemonPlace;
let daemon: RunningDaemon;
let strace: ChildProcess | undefined;

beforeEach(async () => {
  place = newPlace();
  daemon = await startDaemon(place);
}, 60_000);

afterEach(async () => {
  strace?.kill('SIGKILL');
  await daemon.kill();
  place.remove();
});

/** From now on every sync of the process enters the kernel ten minutes late, until strace is gone. */
async function hangTheDisk(pid: number): Promise<void> {
  const calls = 'fdatasync,fsync';
  const delay = `inject=${calls}:delay_enter=${HANGS_MICROSECONDS}`;
  const child = spawn('strace', ['-f', '-p', String(pid), '-e', `trace=${calls}`, '-e', delay], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  strace = child;
  await deadline(
    'strace',
    new Promise<void>((resolve) => {
      let said = '';
      child.stderr.on('data', (chunk) => {
        said += String(chunk);
        if (said.includes('attached')) resolve();
      });
    }),
  );
}

skipUnless(hasStrace, 'strace is not installed', { requiredOnCi: true })(
  'While the disk hangs the debug socket answers, and what waited for it is stored once it is back.',
  async () => {
    const client = await daemon.client();
    const debug = await daemon.debug();
    await client.log({ level: 'Info', component: 'test', message: 'before' });
    await hangTheDisk(daemon.pid);

    let isAnswered = false;
    const stored = client
      .log({ level: 'Info', component: 'test', message: 'meanwhile' })
      .finally(() => (isAnswered = true));
    const tree = await debug.tree();
    const writer = 'core/storage/ledger-writer';
    const { actors } = await debug.call('stats', { path: writer });
    const why = await debug.call('why', { path: writer });
    expect(tree.path).toBe('root');
    expect(actors[0]?.path).toBe(writer);
    expect(why.is_running).toBe(true);
    expect((await client.request('Health', {})).version).toBeTruthy();
    expect(isAnswered).toBe(false);

    // What strace holds back goes on when it is gone.
    strace?.kill('SIGTERM');
    await deadline('the answer', stored, 30_000);
    const { entries } = await client.request('QueryLogs', { filter: {}, limit: 10 });
    expect(entries.map(({ message }) => message).sort()).toEqual(['before', 'meanwhile']);
    debug.close();
    await client.close();
  },
  120_000,
);
