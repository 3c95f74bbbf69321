import build from 'pino-abstract-transport';
import { MonitorClient } from '../client/monitor-client.ts';
import type { MonitorClientOptions } from '../client/client-options.ts';
import { isCodiError } from '../protocol/errors.ts';
import { entryInstead, entryOfLine } from './pino-line.ts';
import type { LineKeys, PinoLine } from './pino-line.ts';

/** `options` of the transport: those of the client that can be written as JSON, and how lines are read. */
export interface PinoTransportOptions
  extends Omit<MonitorClientOptions, 'ports' | 'onEvent'>, LineKeys {}

/**
 * The transport that pino loads for `target: 'codi-monitor/pino'`. It takes lines at once, also before a daemon is
 * found, and ends when all of them are in the ledger or the spool.
 */
export default function transport(options: PinoTransportOptions = {}) {
  const { component, messageKey, ...clientOptions } = options;
  const keys = { ...(component !== undefined && { component }), ...(messageKey && { messageKey }) };
  const client = MonitorClient.open({ clientName: 'pino', ...clientOptions });
  const write = (line: PinoLine) => {
    const entry = entryOfLine(line, keys);
    client.log(entry).catch((error: unknown) => {
      if (isCodiError(error) && !error.retryable)
        void client.log(entryInstead(entry, error.message));
    });
  };
  return build(
    async (source) => {
      // A line that is no JSON is somebody's output all the same.
      source.on('unknown', (line: unknown) => write({ [keys.messageKey ?? 'msg']: String(line) }));
      for await (const line of source) {
        await client.room();
        write(line as PinoLine);
      }
    },
    { close: () => end(client) },
  );
}

/** The first flush tells which lines cannot be stored as they are; what stands in for them needs another. */
async function end(client: MonitorClient): Promise<void> {
  const ignore = () => undefined;
  await client.flush().catch(ignore);
  await client.flush().catch(ignore);
  await client.close();
}
