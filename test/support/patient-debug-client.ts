import { DebugClient } from '#codi/client/index.js';
import { isCodiError } from '#codi/protocol/errors.js';
import { eventually } from './deadline.ts';

const PATIENCE_MS = 20_000;

/**
 * Asks again when the main thread was too busy to be asked, for which a busy machine is enough; nothing was done then.
 * Not for tests of what a busy daemon answers.
 */
export async function patientDebugClient(socketPath: string): Promise<DebugClient> {
  const debug = await DebugClient.connect({ socketPath });
  const call = debug.call.bind(debug) as (...args: unknown[]) => Promise<unknown>;
  const subscribe = debug.subscribe.bind(debug) as (...args: unknown[]) => Promise<unknown>;
  debug.call = patient(call) as DebugClient['call'];
  debug.subscribe = patient(subscribe) as DebugClient['subscribe'];
  return debug;
}

function patient(ask: (...args: unknown[]) => Promise<unknown>) {
  return async (...args: unknown[]) => {
    const look = () =>
      ask(...args).then(
        (result) => ({ result }),
        (error: unknown) => {
          if (isCodiError(error) && error.code === 'CODI_ACTOR_BUSY') return undefined;
          throw error;
        },
      );
    return (await eventually('an answer of the main thread', look, PATIENCE_MS)).result;
  };
}
