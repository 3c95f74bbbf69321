/**
 * The window into the tree. Its thread holds the debug socket and answers also when the main thread is busy;
 * this actor pushes it what changes and carries out what a person asks for. It comes first in the tree so that it
 * is still there while everything else stops.
 */
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import type { PeerUser } from '../../protocol/peer-user.ts';
import { closingMachine } from '../../supervisor/closing.machine.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import { SERVICE_RESTARTS } from '../../supervisor/service-restarts.ts';
import type {
  Ask,
  FromDebug,
  StatelyParams,
  ToDebug,
  TraceParams,
} from '../../workers/debug/debug.messages.ts';
import { Deeds } from './deeds.ts';
import { Feed } from './feed.ts';
import { Frames } from './frames.ts';
import type { DebugPorts } from './ports.ts';
import { readAnswers } from './reads.ts';
import { Streams } from './streams.ts';
import { writeAnswers } from './writes.ts';

export function debugSpec(entry: URL, data: unknown, ports: DebugPorts): ActorSpec<never> {
  return {
    type: 'worker',
    id: 'debug',
    ...SERVICE_RESTARTS,
    shutdown: 1_000,
    isolation: { kind: 'thread', entry, data, isEarly: true },
    // It does nothing that takes long; a window that hangs is of no use.
    heartbeat: { timeoutMs: 10_000 },
    start: (cell) => start(cell, ports),
  };
}

function start(cell: CellContext<never>, ports: DebugPorts) {
  const host = cell.host!;
  const post = (message: ToDebug) => host.post(message);
  const feed = new Feed(
    ports,
    cell.scope,
    () => cell.clock.monotonicMs(),
    (push) => post({ type: 'push', push }),
  );
  const frames = new Frames(ports, cell);
  cell.scope.defer('measuring', () => frames.stop());
  const streams = new Streams(ports, cell, post);
  const deeds = new Deeds(cell.scope);
  const answers = answersOf(cell.path, ports, frames, streams, deeds);

  const onAsk = ({ askId, ask, expiresAtMs, peer }: Extract<FromDebug, { type: 'ask' }>) => {
    if (cell.clock.nowMs() > expiresAtMs) return post({ type: 'expired', askId });
    // What the thread knows by itself is to be as new as the answer.
    feed.flush();
    try {
      const result = answers(ask, peer);
      const isFollowed = deeds.arm(askId);
      post({ type: 'answer', askId, result, ...(isFollowed && { isFollowed }) });
    } catch (error) {
      post({ type: 'refusal', askId, error: asCodiError(error).toWire() });
    }
  };
  const onMessage = (message: FromDebug) => {
    if (message.type === 'ask') onAsk(message);
    else if (message.type === 'passedOn') deeds.carryOut(message.askId);
    else if (message.type === 'pushed') feed.taken();
    else if (message.type === 'batchTaken') streams.taken(message.stream);
    else if (message.type === 'stopStream') streams.stop(message.stream);
  };
  host.onMessage(cell.scope.wrap((message) => onMessage(message as FromDebug)));
  host.onExit(cell.scope.wrap(() => cell.raise({ type: 'closed' })));
  feed.start();

  return behaviour({
    machine: closingMachine('debug', 'answering'),
    effects: { 'effect.close': () => post({ type: 'stop' }) },
  });
}

/** Without the grant there are no answers to what would change something. */
function answersOf(
  ownPath: string,
  ports: DebugPorts,
  frames: Frames,
  streams: Streams,
  deeds: Deeds,
): (ask: Ask, peer?: PeerUser) => unknown {
  const answers: Record<string, ((params: never, peer?: PeerUser) => unknown) | undefined> = {
    sync: () => null,
    ...readAnswers(ports, frames),
    trace: (params: TraceParams & { stream: number }) => streams.trace(params),
    stately: (params: StatelyParams & { stream: number }) => streams.stately(params),
    ...(ports.canWrite && writeAnswers(ports, ownPath, (deed) => deeds.add(deed))),
  };
  return ({ verb, params }, peer) => {
    const answer = answers[verb];
    if (!answer) throw new CodiError('CODI_MESSAGE_UNKNOWN', { kind: verb });
    return answer(params as never, peer) ?? null;
  };
}

/** A view that fails fails the question, not the window. */
function asCodiError(error: unknown): CodiError {
  if (isCodiError(error)) return error;
  return new CodiError('CODI_INTERNAL', { reason: String(error) }, { cause: error });
}
