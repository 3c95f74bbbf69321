/**
 * The debug socket's thread. It answers from the last snapshot it was given when the main thread is too busy to
 * give a new one, and it never makes the main thread wait.
 */
import { parentPort, workerData } from 'node:worker_threads';
import type { TreeNodeView } from '../../protocol/debug/tree-views.ts';
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import type { DebugThreadData, FromDebug, KillOutcome, ToDebug } from './debug.messages.ts';
import { listenForLines } from './line-server.ts';
import { runVerb, type DebugBackend, type DebugRequest } from './verbs.ts';

if (!parentPort) throw new Error('the debug thread is not a program of its own');
const port = parentPort;
const data = workerData as DebugThreadData;

let lastTree: { tree: TreeNodeView; atMs: number } | undefined;
let nextAskId = 1;
const asks = new Map<number, (message: ToDebug) => void>();

const post = (message: FromDebug) => port.postMessage(message);

/** Asks the main thread; undefined when it does not answer in time. */
function ask(build: (askId: number) => FromDebug): Promise<ToDebug | undefined> {
  const askId = nextAskId++;
  return new Promise((resolve) => {
    const timer = setTimeout(() => finish(undefined), data.limits.answerTimeoutMs);
    const finish = (message: ToDebug | undefined) => {
      clearTimeout(timer);
      asks.delete(askId);
      resolve(message);
    };
    asks.set(askId, finish);
    post(build(askId));
  });
}

const backend: DebugBackend = {
  canWrite: data.canWrite,
  hello: () => ({ version: data.server, pid: data.pid, write: data.canWrite }),
  async tree() {
    const answer = await ask((askId) => ({ type: 'askTree', askId }));
    if (answer?.type === 'tree') return { tree: answer.tree, staleMs: 0 };
    if (!lastTree) throw new CodiError('CODI_TRY_AGAIN', { reason: 'the daemon is starting' });
    return { tree: lastTree.tree, staleMs: Math.round(performance.now() - lastTree.atMs) };
  },
  async kill(path): Promise<KillOutcome> {
    const answer = await ask((askId) => ({ type: 'askKill', askId, path }));
    if (answer?.type === 'killed') return answer.outcome;
    throw new CodiError('CODI_TRY_AGAIN', { reason: 'the main thread does not answer' });
  },
};

async function answerLine(line: string): Promise<string> {
  let id: number | string | null = null;
  try {
    const request = parse(line);
    id = request.id;
    const result = await runVerb(request, backend);
    return JSON.stringify({ id, ok: true, result });
  } catch (error) {
    const wire = (isCodiError(error) ? error : internal(error)).toWire();
    return JSON.stringify({ id, ok: false, error: wire });
  }
}

function parse(line: string): DebugRequest {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new CodiError('CODI_FRAME_INVALID', {
      format: 'JSON',
      reason: 'it cannot be parsed',
    });
  }
  const request = value as Partial<DebugRequest> | null;
  if (typeof request?.verb !== 'string' || !['number', 'string'].includes(typeof request.id))
    throw new CodiError('CODI_MESSAGE_INVALID', { reason: 'a request needs an id and a verb' });
  return request as DebugRequest;
}

function internal(error: unknown): CodiError {
  return new CodiError('CODI_INTERNAL', { reason: String(error) });
}

async function main(): Promise<void> {
  const { socketPath, limits } = data;
  const server = await listenForLines({
    socketPath,
    clientsMax: limits.clientsMax,
    lineLimitBytes: limits.lineLimitBytes,
    onLine: answerLine,
  });
  port.on('message', (message: ToDebug) => {
    if (message.type === 'stop') {
      server.close();
      port.close();
      process.exit(0);
    } else if (message.type === 'tree') {
      lastTree = { tree: message.tree, atMs: performance.now() };
      if (message.askId !== undefined) asks.get(message.askId)?.(message);
    } else asks.get(message.askId)?.(message);
  });
  post({ type: 'sys.ready' });
}

main().catch((error: unknown) => {
  const code = isCodiError(error) ? error.code : 'CODI_INTERNAL';
  post({ type: 'sys.startFailed', code, message: String(error) });
});
