import type { TopFrameView } from '../../protocol/debug/actor-views.ts';
import { threadCount } from './process-files.ts';
import type { Session } from './session.ts';
import type { Subscription } from './subscription.ts';
import type { VerbContext } from './verb-table.ts';

export interface TopOptions {
  intervalMs: number;
  limit: number;
}

/** A frame at once and then at each interval; the last one with its age while the main thread is busy. */
export function startTop(
  context: VerbContext,
  session: Session,
  { intervalMs, limit }: TopOptions,
): Subscription {
  let isAsking = false;
  const tick = async () => {
    if (isAsking) return;
    isAsking = true;
    const frame = await nextFrame(context, limit).catch(() => undefined);
    isAsking = false;
    if (frame) subscription.offer(frame);
  };
  const subscription = session.subscribe(() => clearInterval(timer));
  const timer = setInterval(() => void tick(), intervalMs);
  void tick();
  return subscription;
}

async function nextFrame(
  { main, known, monotonicMs }: VerbContext,
  limit: number,
): Promise<TopFrameView | undefined> {
  const answered = await main.read('frame', { limit });
  const threads = threadCount();
  if (answered.ok) {
    const actors = answered.result.actors.map((stats) => known.withState(stats));
    const frame = withThreads({ ...answered.result, actors }, threads);
    known.frame = { frame, atMs: monotonicMs() };
    known.stats = { actors, atMs: monotonicMs() };
    return frame;
  }
  if (!known.frame) return undefined;
  const { frame, atMs } = known.frame;
  const staleMs = Math.round(monotonicMs() - atMs);
  return { ...withThreads(frame, threads), stale_ms: staleMs, busy: answered.busy };
}

function withThreads(frame: TopFrameView, threads: number | undefined): TopFrameView {
  return { ...frame, process: { ...frame.process, ...(threads !== undefined && { threads }) } };
}
