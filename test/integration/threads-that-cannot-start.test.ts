import { expect, it, vi } from 'vitest';
import { createArchivePool } from '#codi/platform/archive-pool.js';
import { createHashingPool } from '#codi/platform/hashing-pool.js';
import { createReaderPool } from '#codi/platform/reader-pool.js';

interface Pool {
  run(): Promise<unknown>;
  close(): Promise<void>;
}

const common = {
  entry: new URL('../fixtures/unloadable-thread.mjs', import.meta.url),
  data: null,
  threadsMax: 1,
  queueMax: 2,
  idleMs: 10_000,
};

const pools: Record<string, (onFailure: (error: Error) => void) => Pool> = {
  readers: (onFailure) => {
    const pool = createReaderPool({ ...common, timeoutMs: 1_000, onFailure });
    return { run: () => pool.run('count', null), close: () => pool.close() };
  },
  'archive threads': (onFailure) => {
    const pool = createArchivePool({ ...common, onFailure });
    return {
      run: () => pool.run('count', null, new AbortController().signal),
      close: () => pool.close(),
    };
  },
  'hashing threads': (onFailure) => {
    const pool = createHashingPool({ ...common, dataDir: '/nowhere', onFailure });
    return { run: () => pool.run({} as never), close: () => pool.close() };
  },
};

it.each(Object.keys(pools))(
  '%s that cannot start are told of, and nobody waits for them after that',
  async (name) => {
    const onFailure = vi.fn();
    const pool = pools[name]!(onFailure);
    const outcome = expect(pool.run()).rejects.toThrow();
    await expect.poll(() => onFailure.mock.calls, { timeout: 20_000 }).toHaveLength(1);
    expect(String(onFailure.mock.calls[0]![0])).toContain('it cannot start');
    await pool.close();
    await outcome;
  },
);
