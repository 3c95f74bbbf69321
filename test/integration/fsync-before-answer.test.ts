// A kill test cannot see a missing fsync, because the page cache outlives the process. So the system calls are
// traced: each answer must come after a successful sync of the write-ahead log that followed the write, and a file
// that is renamed into place must have been written, then synced, then renamed, and then its directory synced.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect } from 'vitest';
import { eventually, deadline } from '../support/deadline.ts';
import { MONITOR_ENTRY, newPlace } from '../support/daemon.ts';
import { historyOf } from '../support/renamed-into-place.ts';
import { skipUnless } from '../support/skip.ts';
import {
  fileOf,
  hasStrace,
  NO_STRACE,
  readTrace,
  underStrace,
  type TracedCall,
} from '../support/strace.ts';

const ENTRIES = 20;
const SESSIONS = 5;
const CALLS =
  'trace=pwrite64,pwritev,fdatasync,fsync,write,writev,sendto,sendmsg,rename,renameat,renameat2';

const place = newPlace();
let strace: ChildProcess | undefined;
afterEach(() => {
  strace?.kill('SIGKILL');
  place.remove();
});

interface Claim {
  payload: object;
  /** The log that has to hold it before the answer leaves. */
  log: 'ledger.db-wal' | 'state.db-wal';
}

function workload(): Claim[] {
  const entry = (message: string): Claim => ({
    payload: { LogEntry: { level: 'Info', component: 'trace', message } },
    log: 'ledger.db-wal',
  });
  const session = (number: number): Claim[] => [
    {
      payload: { SessionStart: { session_id: `S-${number}`, identity: 'tester' } },
      log: 'state.db-wal',
    },
    entry(`in session ${number}`),
    { payload: { SessionEnd: { session_id: `S-${number}` } }, log: 'state.db-wal' },
  ];
  return [
    ...Array.from({ length: ENTRIES }, (_, number) => entry(`entry ${number}`)),
    ...Array.from({ length: SESSIONS }, (_, number) => session(number)).flat(),
  ];
}

/** Sends one JSON line at a time and waits for its answer. */
async function sendOneByOne(socketPath: string, messages: readonly Claim[]): Promise<string[]> {
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
  for (const { payload } of messages) {
    const answered = new Promise<void>((resolve) => (onAnswer = resolve));
    socket.write(`${JSON.stringify(payload)}\n`);
    await deadline('an answer', answered, 30_000);
  }
  socket.destroy();
  return answers;
}

/** Whether each log holds, on the disk, what was written to it since it last counted. */
class Logs {
  readonly #synced = new Map<string, boolean>();

  take({ name, args, result }: TracedCall): void {
    const log = /\/(\w+\.db-wal)>/.exec(args)?.[1];
    if (log === undefined) return;
    if (name.startsWith('pwrite')) this.#synced.set(log, false);
    else if (name.endsWith('sync') && this.#synced.has(log))
      this.#synced.set(log, result.startsWith('0'));
  }

  /** True once for what was written and synced before. */
  spend(log: string): boolean {
    const isSynced = this.#synced.get(log) ?? false;
    this.#synced.delete(log);
    return isSynced;
  }
}

skipUnless(hasStrace, NO_STRACE, { requiredOnCi: true })(
  'what is answered or renamed into place was synced before',
  async () => {
    const trace = join(place.home, 'trace');
    mkdirSync(place.home, { recursive: true });
    const command = [process.execPath, MONITOR_ENTRY, '--data-dir', place.dataDir];
    command.push('--socket', place.socketPath);
    const tracing = ['-y', '-s', '400', '-e', CALLS, '-o', trace];
    const [program, ...args] = underStrace([...tracing, ...command]);
    strace = spawn(program, args, { stdio: 'ignore' });
    const exited = new Promise((resolve) => strace!.once('exit', resolve));
    await eventually('the socket', () => connectable(place.socketPath), 60_000);
    const messages = workload();
    const answers = await sendOneByOne(place.socketPath, messages);
    const { pid } = JSON.parse(readFileSync(join(place.dataDir, 'daemon.json'), 'utf8'));
    process.kill(pid, 'SIGTERM');
    await deadline('the daemon to stop', exited, 60_000);

    const accepted = answers.filter((answer) => answer.includes('"Accepted"'));
    expect(accepted).toHaveLength(messages.length);
    const calls = readTrace(readFileSync(trace, 'utf8'));
    const logs = new Logs();
    let answered = 0;
    for (const call of calls) {
      logs.take(call);
      if (!call.args.includes('\\"Accepted\\"')) continue;
      const { log } = messages[answered]!;
      expect(logs.spend(log), `answer ${answered} was written before ${log} was synced`).toBe(true);
      answered += 1;
    }
    expect(answered).toBe(messages.length);

    const renames = calls.flatMap((call, at) => {
      const file = fileOf(call);
      const isCheckpoint = call.name.startsWith('rename') && file?.endsWith('.checkpoint.new');
      return isCheckpoint ? [{ file, history: historyOf(calls, at) }] : [];
    });
    // Checkpoints of both databases, at least at the end.
    expect(renames.length).toBeGreaterThanOrEqual(2);
    for (const { file, history } of renames)
      expect(history, file).toBe('write sync rename directory');
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
