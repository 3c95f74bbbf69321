/**
 * The debug socket's thread. It asks the main thread for what is new and answers from what it was told last when
 * that is busy; it never makes the main thread wait, and touches neither disk nor writers.
 */
import type { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { isCodiError } from '../../protocol/errors.ts';
import { descriptorOf, openPeerUsers } from '../../protocol/peer-user.ts';
import { sendHeartbeats } from '../../supervisor/heartbeat.ts';
import type { DebugThreadData, FromDebug, ToDebug } from './debug.messages.ts';
import { SUBSCRIPTION_VERBS } from './follow-verbs.ts';
import { Known } from './known.ts';
import { LineClient } from './line-client.ts';
import { listenForLines } from './line-server.ts';
import { MainLink } from './main-link.ts';
import { READ_VERBS } from './read-verbs.ts';
import { Session } from './session.ts';
import { Streams } from './streams.ts';
import { VerbTable } from './verb-table.ts';
import { Watchers } from './watchers.ts';
import { WRITES } from './write-verbs.ts';

if (!parentPort) throw new Error('the debug thread is not a program of its own');
const port = parentPort;
const data = workerData as DebugThreadData;
const { limits } = data;

const post = (message: FromDebug) => port.postMessage(message);
const monotonicMs = () => performance.now();
const known = new Known(monotonicMs);
const watchers = new Watchers(known);
const streams = new Streams(post);
const main = new MainLink({
  post,
  inFlight: data.inFlight,
  timeoutMs: limits.answerTimeoutMs,
  nowMs: () => Date.now(),
  monotonicMs,
});
const hello = () => ({
  version: data.server,
  pid: data.pid,
  write: data.canWrite,
  verbs: table.names,
});
const table: VerbTable = new VerbTable(
  { hello, ...READ_VERBS, ...SUBSCRIPTION_VERBS, ...(data.canWrite && WRITES) },
  { data, main, known, streams, watchers, monotonicMs },
);
const sessions = new Set<Session>();
let opening: ReturnType<typeof openPeerUsers> | undefined;
/** Loaded by the first who changes something. */
const peerUsers = () => (opening ??= openPeerUsers(process.platform));

function serve(socket: Socket): void {
  const client: LineClient = new LineClient(socket, limits, {
    monotonicMs,
    answer: (line) => session.answer(line),
    onDrained: () => session.onDrained(),
    onEnd: () => {
      session.endAll('unsubscribed');
      sessions.delete(session);
    },
  });
  const session: Session = new Session({
    run: table.run,
    hasRoom: () => client.hasRoom,
    send: (text) => client.send(text),
    peer: async () => (await peerUsers()).read(descriptorOf(socket)),
    monotonicMs,
    limits,
  });
  sessions.add(session);
}

async function start(): Promise<void> {
  const { socketPath } = data;
  const { connections } = limits;
  const server = await listenForLines({ socketPath, connections, onSocket: serve });
  port.on('message', (message: ToDebug) => {
    switch (message.type) {
      case 'push':
        known.take(message.push);
        watchers.take(message.push);
        post({ type: 'pushed' });
        break;
      case 'answer':
        main.take(message);
        if (message.isFollowed)
          setImmediate(() => post({ type: 'passedOn', askId: message.askId }));
        break;
      case 'refusal':
      case 'expired':
        main.take(message);
        break;
      case 'batch':
        streams.take(message);
        break;
      case 'streamEnd':
        streams.end(message);
        break;
      case 'stop':
        for (const session of sessions) session.endAll('stopping');
        server.close();
        port.close();
        process.exit(0);
    }
  });
  post({ type: 'sys.ready' });
  sendHeartbeats((message) => port.postMessage(message));
}

start().catch((error: unknown) => {
  const code = isCodiError(error) ? error.code : 'CODI_INTERNAL';
  post({ type: 'sys.startFailed', code, message: String(error) });
});
