import { contextText } from '../../workers/storage/contexts.messages.ts';
import type { ConnectionContext, EntriesMessage } from '../../workers/storage/ledger.messages.ts';
import type { FrameGroup } from './entry-lanes.ts';
import type { SharedSlab } from './slab-pool.ts';

/** Copies frames back to back into a slab; the sockets' chunks behind them are let go. */
export function packFrames(
  batch: number,
  { frames, bytes }: Pick<FrameGroup, 'frames' | 'bytes'>,
  slab: SharedSlab,
): EntriesMessage {
  const target = new Uint8Array(slab, 0, bytes);
  const places = new Int32Array(frames.length * 3);
  const contexts: string[] = [];
  const indexOf = new Map<ConnectionContext, number>();
  let offset = 0;
  for (const [at, { context, body }] of frames.entries()) {
    let index = indexOf.get(context);
    if (index === undefined) {
      index = contexts.push(contextText(context)) - 1;
      indexOf.set(context, index);
    }
    places[at * 3] = index;
    places[at * 3 + 1] = offset;
    places[at * 3 + 2] = body.length;
    target.set(body, offset);
    offset += body.length;
  }
  return { type: 'entries', batch, bytes: target, frames: places, contexts };
}
