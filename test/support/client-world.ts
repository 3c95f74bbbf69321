import { afterEach, beforeEach } from 'vitest';
import { MonitorClient } from '#codi/client/index.js';
import { FakeDaemon } from './fake-daemon.ts';

/** A daemon that is only pretended, and clients of it that end with each test. */
export class ClientWorld {
  readonly #clients: MonitorClient[] = [];
  daemon!: FakeDaemon;

  /** Once for each file or group of tests. */
  static use(): ClientWorld {
    const world = new ClientWorld();
    beforeEach(async () => {
      world.daemon = await FakeDaemon.start();
    });
    afterEach(async () => {
      for (const client of world.#clients.splice(0)) client.abort(new Error('test over') as never);
      await world.daemon.stop();
    });
    return world;
  }

  async connect(options: object = {}): Promise<MonitorClient> {
    const client = await MonitorClient.connect({
      socketPath: this.daemon.socketPath,
      retry: { minMs: 5, maxMs: 20 },
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  messages(): unknown[] {
    return this.daemon.stored.map((row) => row.message);
  }
}

export const entry = (index: number) => ({
  level: 'Info' as const,
  component: 'test',
  message: `entry ${index}`,
  metadata: { index },
});

/** The messages of as many entries. */
export const expected = (count: number) =>
  Array.from({ length: count }, (_, index) => `entry ${index}`);
