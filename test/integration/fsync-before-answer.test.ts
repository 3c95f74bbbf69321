// A kill test cannot see a missing fsync, because the page cache outlives the process. So the system calls are
// traced: each answer must come after a successful fdatasync of the write-ahead log that followed the write.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { eventually, deadline } from '../support/deadline.ts';
import { MONITOR_ENTRY, newPlace } from '../support/daemon.ts';
import { skipUnless } from '../support/skip.ts';
import { hasStrace, NO_STRACE, readTrace } from '../support/strace.ts';

const ENTRIES = 20;

const place = newPlace();
let strace: ChildProcess | undefined;
afterEach(() => {
  strace?.kill('SIGKILL');
  place.remove();
});

/** Sends one JSON line at a time and waits for its answer. */
async function writeOneByOne(socketPath: string, count: number): Promise<string[]> {
  const socket = connect(socketPath);
  const answers: string[] = [];
  let onAnswer: () => void = () => undefined;
  let rest = '';
  socket.setEncoding('utf8').on('data', (text: string) => {
    rest += text;
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      answers.push(rest.slice(0, end));
      rest = rest.slice(end + 1);
      onAnswer();
    }
  });
  for (let number = 0; number < count; number++) {
    const answered = new Promise<void>((resolve) => (onAnswer = resolve));
    const entry = { level: 'Info', component: 'trace', message: `entry ${number}` };
    socket.write(`${JSON.stringify({ LogEntry: entry })}\n`);
    await deadline('an answer', answered, 30_000);
  }
  socket.destroy();
  return answers;
}

skipUnless(hasStrace, NO_STRACE, { requiredOnCi: true })(
  'every Accepted follows a successful fdatasync of the write-ahead log after the write',
  async () => {
    const trace = join(place.home, 'trace');
    mkdirSync(place.home, { recursive: true });
    const calls = 'trace=pwrite64,pwritev,fdatasync,fsync,write,writev,sendto,sendmsg';
    strace = spawn(
      'strace',
      ['-f', '-y', '-s', '400', '-e', calls, '-o', trace, process.execPath, MONITOR_ENTRY].concat([
        '--data-dir',
        place.dataDir,
        '--socket',
        place.socketPath,
      ]),
      { stdio: 'ignore' },
    );
    const exited = new Promise((resolve) => strace!.once('exit', resolve));
    await eventually('the socket', () => connectable(place.socketPath), 60_000);
    const answers = await writeOneByOne(place.socketPath, ENTRIES);
    const { pid } = JSON.parse(readFileSync(join(place.dataDir, 'daemon.json'), 'utf8'));
    process.kill(pid, 'SIGTERM');
    await deadline('the daemon to stop', exited, 60_000);

    expect(answers.filter((answer) => answer.includes('"Accepted"'))).toHaveLength(ENTRIES);
    let isWritten = false;
    let isSynced = false;
    let answered = 0;
    for (const { name, args, result } of readTrace(readFileSync(trace, 'utf8'))) {
      const isWal = args.includes('ledger.db-wal>');
      if (isWal && name.startsWith('pwrite')) {
        isWritten = true;
        isSynced = false;
      } else if (isWal && name.endsWith('sync')) isSynced = isWritten && result.startsWith('0');
      else if (args.includes('\\"Accepted\\"')) {
        expect(isSynced, `answer ${answered} was written before the log was synced`).toBe(true);
        answered += 1;
        isWritten = false;
        isSynced = false;
      }
    }
    expect(answered).toBe(ENTRIES);
  },
  180_000,
);

function connectable(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
