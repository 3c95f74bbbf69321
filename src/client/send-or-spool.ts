import { isCodiError } from '../protocol/errors.ts';
import { spoolMessageLine } from '../protocol/spool-line.ts';
import type { SpoolKind, SpoolSpeaker } from '../protocol/spool-line.ts';
import { formatRfc3339, timestampFromMs } from '../protocol/timestamp.ts';
import type { EntryRoute } from './entry-route.ts';
import type { EntryPlace } from './entry-waiter.ts';
import type { ClientPorts } from './ports.ts';

interface Ways {
  ports: ClientPorts;
  route: EntryRoute;
  speaker: SpoolSpeaker;
  /** Sends it to the daemon under this id and waits for the answer. */
  ask(id: string): Promise<void>;
}

/**
 * Brings a message to the daemon, or into the spool while there is none. It keeps its id on every way, so that
 * a daemon that has it already does not do it twice.
 */
export async function sendOrSpool(
  kind: Exclude<SpoolKind, 'LogEntry'>,
  body: object,
  { ports, route, speaker, ask }: Ways,
): Promise<EntryPlace> {
  const id = ports.newId();
  const time = formatRfc3339(timestampFromMs(ports.nowMs()));
  for (;;) {
    const spool = await route.spoolForMessages();
    if (spool) {
      const text = `${spoolMessageLine(kind, body, speaker, { id, time })}\n`;
      await spool.append({ producerId: speaker.producerId, lastSequence: 0, text });
      return 'spool';
    }
    try {
      await ask(id);
      return 'ledger';
    } catch (error) {
      if (!isCodiError(error) || !error.retryable || !route.giveUp(error)) throw error;
    }
  }
}
