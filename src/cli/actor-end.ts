import type { Command } from 'commander';
import type { DebugClient } from '../client/debug-client.ts';
import type { ActorView } from '../protocol/debug/actor-views.ts';
import { CodiError, isCodiError } from '../protocol/errors.ts';
import { withActor } from './actor-paths.ts';
import { showDuration } from './amounts.ts';
import type { Invocation } from './invocation.ts';

const SETTLED_WITHIN_MS = 5_000;
const POLL_MS = 10;
const ON_THE_WAY = /^(starting|restarting|backing|stopping)/;

export type EndVerb = 'kill' | 'restart' | 'stop';

export interface EndOptions {
  reason?: string;
  counted?: boolean;
}

/** The actor before it ended, and as it is after that. */
export interface EndedActor {
  path: string;
  epoch: number;
  /** Absent when it does not come back. */
  newEpoch?: number;
  durationMs: number;
}

/** The argument and the flags that kill, restart and stop have in common. */
export function addEndOptions(command: Command): Command {
  return command
    .argument('<path>', 'the actor, as `codi tree --json` names it')
    .option('--reason <text>', 'why, for the record')
    .option('--counted', 'it counts against the restart budget, as a crash would');
}

/** Ends an actor and waits until it is back, or gone for good, as `until` says. */
export async function endActor(
  verb: EndVerb,
  path: string,
  options: EndOptions,
  invocation: Invocation,
): Promise<EndedActor> {
  const { io } = invocation;
  const startMs = io.nowMs();
  const before = await invocation.withDebug(async (debug) => {
    const actor = await withActor(debug, path, () => debug.call('inspect', { path }));
    const answer = await request(debug, verb, actor.path, options);
    return { ...actor, epoch: answer?.epoch ?? actor.epoch };
  });
  const isOver = isOverAfter(verb, before);
  const after = await waitFor(before.path, isOver, startMs + SETTLED_WITHIN_MS, invocation);
  return {
    path: before.path,
    epoch: before.epoch,
    ...(after && after.epoch > before.epoch && { newEpoch: after.epoch }),
    durationMs: io.nowMs() - startMs,
  };
}

/** The ended actor may be the one that would answer. */
async function request(
  debug: DebugClient,
  verb: EndVerb,
  path: string,
  { reason, counted }: EndOptions,
) {
  const params = { path, ...(reason !== undefined && { reason }), ...(counted && { counted }) };
  return debug.call(verb, params).catch((error: unknown) => {
    if (isCodiError(error) && error.code === 'CODI_CONNECTION_LOST') return undefined;
    throw error;
  });
}

type IsOver = (now: ActorView | undefined) => boolean;

function isOverAfter(verb: EndVerb, before: ActorView): IsOver {
  if (verb === 'stop') return (now) => !now || now.state === 'stopped';
  const isBack: IsOver = (now) =>
    now !== undefined && now.epoch > before.epoch && !ON_THE_WAY.test(now.state);
  if (verb === 'restart' || before.restart !== 'temporary') return isBack;
  return (now) => !now || isBack(now);
}

/** Looks again and again, over new connections where the old one is gone. */
async function waitFor(
  path: string,
  isOver: IsOver,
  endMs: number,
  invocation: Invocation,
): Promise<ActorView | undefined> {
  let lastState = 'gone';
  while (invocation.io.nowMs() < endMs) {
    try {
      return await invocation.withDebug(async (debug) => {
        while (invocation.io.nowMs() < endMs) {
          const now = await debug.call('inspect', { path }).catch(asAbsent);
          if (isOver(now)) return now;
          lastState = now?.state ?? 'gone';
          await pause(POLL_MS);
        }
        throw late(path, lastState);
      });
    } catch (error) {
      const isPassing = isCodiError(error) && error.retryable && error.code !== 'CODI_TRY_AGAIN';
      if (!isPassing) throw error;
      await pause(POLL_MS);
    }
  }
  throw late(path, lastState);
}

function asAbsent(error: unknown): undefined {
  if (isCodiError(error) && error.code === 'CODI_ACTOR_NOT_FOUND') return undefined;
  throw error;
}

function late(path: string, state: string): CodiError {
  const after = showDuration(SETTLED_WITHIN_MS);
  return new CodiError(
    'CODI_TRY_AGAIN',
    { path },
    {
      message: `it was done, but after ${after} ${path} is ${state}`,
      hint: `see \`codi why ${path}\``,
    },
  );
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

/** What kill, restart and stop print with `--json`. */
export function endedJson({ path, epoch, newEpoch, durationMs }: EndedActor): object {
  return {
    path,
    epoch,
    ...(newEpoch !== undefined && { new_epoch: newEpoch }),
    duration_ms: durationMs,
  };
}
