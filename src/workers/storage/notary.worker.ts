/**
 * The notary's thread: signs the growth of both databases while commits happen, outside of their way. It
 * reads blocks and never writes to a database; what it writes are small files beside them.
 */
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import { assertHeld } from './held-directory.ts';
import { commitCounters, mainThread, workerOptions } from './worker-data.ts';
import { Notary } from './audit/notary.ts';
import type { FromNotary, NotaryCommand, NotaryOptions, ToNotary } from './notary.messages.ts';

const LOOKS_PER_INTERVAL = 4;
const DEFAULT_INTERVAL_MS = 1_000;
/** Who wants to replace a database waits for it to be let go. */
const LOOK_MAX_MS = 1_000;
/** After a failure: the disk may be full, or the key be put back. */
const RETRY_MS = 2_000;
const STOP_MS = 2_000;

const port = mainThread();
const options = workerOptions<NotaryOptions>();
const counters = commitCounters(options.commits);
const intervalMs = options.intervalMs ?? DEFAULT_INTERVAL_MS;
const lookMs = Math.min(intervalMs / LOOKS_PER_INTERVAL, LOOK_MAX_MS);
/** When everything is signed: what is committed then is signed at the next look. */
const idleLookMs = Math.min(intervalMs, LOOK_MAX_MS);
let notary: Notary | undefined;
let trouble: string | null = null;

port.on('message', (message: ToNotary) => {
  if (message.type === 'stop') stop();
  else answer(message.id, message.command);
});
post({ type: 'sys.ready' });
turn();

function turn(): void {
  const found = attempt(() => {
    if (options.directory) assertHeld(options.dataDir, options.directory);
    notary ??= new Notary(options, counters, { post, nowMs: () => Date.now() });
    return notary.step();
  });
  if (!found.ok) setTimeout(turn, RETRY_MS);
  else if (found.value) setImmediate(turn);
  else setTimeout(turn, notary?.isSettled ? idleLookMs : lookMs);
}

/** What goes wrong here stops no commit: it is told, and tried again with everything opened anew. */
function attempt<Value>(work: () => Value): { ok: true; value: Value } | { ok: false } {
  try {
    const value = work();
    tell(null);
    return { ok: true, value };
  } catch (error) {
    notary?.close();
    notary = undefined;
    tell(error instanceof Error ? error.message : String(error));
    return { ok: false };
  }
}

function tell(reason: string | null): void {
  if (reason === trouble) return;
  trouble = reason;
  post({ type: 'trouble', reason });
}

function answer(id: number, command: NotaryCommand): void {
  try {
    if (!notary) throw new CodiError('CODI_TRY_AGAIN', { reason: trouble ?? 'it is starting' });
    post({ type: 'answer', id, ok: true, result: notary.run(command) });
  } catch (error) {
    const known = isCodiError(error)
      ? error
      : new CodiError('CODI_STORAGE_UNAVAILABLE', { reason: (error as Error).message });
    post({ type: 'answer', id, ok: false, error: known.toWire() });
  }
}

function stop(): void {
  attempt(() => notary?.stop(Date.now() + STOP_MS));
  process.exit(0);
}

function post(message: FromNotary): void {
  port.postMessage(message);
}
