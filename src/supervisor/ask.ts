import type { ExitReason } from './exit-reason.ts';
import type { Runtime } from './runtime.ts';

/** Questions without an answer at a time; more are refused. */
export const ASKS_LIMIT = 10_000;

/**
 * noproc: nobody has that name, or will. restarting: it is between two incarnations. dropped: its mailbox is full.
 * down: it ended before it answered.
 */
export type AskResult<Reply> =
  | { ok: true; value: Reply }
  | { ok: false; error: 'noproc' | 'restarting' | 'dropped' | 'timeout' | { down: ExitReason } };

/** Builds the message; the first reply counts, later ones are ignored. */
export type Question<Message, Reply> = (reply: (value: Reply) => void) => Message;

/** Asks and waits; never waits for somebody who is not there. `onCancel` gets a way to forget the question. */
export function ask<Message, Reply>(
  runtime: Runtime,
  name: string,
  question: Question<Message, Reply>,
  timeoutMs: number,
  onCancel?: (cancel: () => void) => () => void,
): Promise<AskResult<Reply>> {
  const recipient = runtime.registry.find(name);
  if (!recipient) return Promise.resolve({ ok: false, error: 'noproc' });
  const { slot } = recipient;
  const isGone = slot.phase === 'stopped' || slot.phase === 'parked';
  if (isGone && slot.epoch > 0) return Promise.resolve({ ok: false, error: 'noproc' });
  if (slot.attempt || (!slot.isUp && slot.epoch > 0)) {
    return Promise.resolve({ ok: false, error: 'restarting' });
  }
  if (runtime.asks >= ASKS_LIMIT) return Promise.resolve({ ok: false, error: 'dropped' });
  const { clock } = runtime.environment;
  return new Promise((resolve) => {
    let isOpen = true;
    const close = () => {
      if (!isOpen) return false;
      isOpen = false;
      runtime.asks -= 1;
      clock.clearTimeout(timer);
      stopWatching();
      forget?.();
      return true;
    };
    const settle = (result: AskResult<Reply>) => {
      if (close()) resolve(result);
    };
    runtime.asks += 1;
    const timer = clock.setTimeout(() => settle({ ok: false, error: 'timeout' }), timeoutMs);
    const stopWatching = slot.relations.monitor(({ reason }) =>
      settle({ ok: false, error: { down: reason } }),
    );
    const forget = onCancel?.(() => void close());
    const sent = recipient.deliver(
      question((value) => settle({ ok: true, value })),
      0,
    );
    if (sent !== 'queued') settle({ ok: false, error: sent });
  });
}
