import type { MonitorClient } from '../../client/monitor-client.ts';
import { isCodiError } from '../../protocol/errors.ts';
import type { Invocation } from '../invocation.ts';
import { StoreThread } from './store-thread.ts';

/** Runs with a thread on the data directory, or on another one. */
export async function withStoreThread<T>(
  invocation: Invocation,
  use: (thread: StoreThread) => Promise<T>,
  dataDir?: string,
): Promise<T> {
  dataDir ??= (await invocation.endpoint()).dataDir;
  const thread = new StoreThread(dataDir, await invocation.storeKey());
  try {
    return await use(thread);
  } finally {
    await thread.close();
  }
}

/** Asks the daemon, or where none runs the files themselves. */
export async function withDaemonOrFiles<T>(
  invocation: Invocation,
  ask: {
    daemon(client: MonitorClient): Promise<T>;
    files(thread: StoreThread): Promise<T>;
  },
): Promise<T> {
  let client: MonitorClient;
  try {
    client = await invocation.connect({ attempts: 1 });
  } catch (error) {
    if (!isCodiError(error) || error.code !== 'CODI_UNREACHABLE') throw error;
    return withStoreThread(invocation, ask.files);
  }
  try {
    return await ask.daemon(client);
  } finally {
    await client.close();
  }
}

/** Work that reads or writes the whole store has no limit but the user's patience. */
export const LONG_TIMEOUT_MS = 24 * 60 * 60 * 1_000;
