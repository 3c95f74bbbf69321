import { beforeEach, describe, expect, it } from 'vitest';
import { spoolSettings } from '#codi/client/spool/settings.js';
import type { SpoolOptions } from '#codi/client/spool/settings.js';
import { Spool } from '#codi/client/spool/spool.js';
import { countingId } from '../../support/fake-socket.ts';
import { FakeSpoolFiles } from '../../support/fake-spool-files.ts';

describe('a spool', () => {
  let files: FakeSpoolFiles;
  let timers: (() => void)[];
  let late: string[];

  beforeEach(() => {
    files = new FakeSpoolFiles();
    timers = [];
    late = [];
  });

  const open = (options: SpoolOptions = {}) =>
    new Spool(spoolSettings(options, '/spool'), {
      newId: countingId,
      setTimeout: (callback) => {
        timers.push(callback);
        return { handle: undefined };
      },
      files,
      onLateFailure: (error) => late.push(error.message),
    });
  const run = (sequence: number, text = `line ${sequence}\n`, producerId = 'p') => ({
    producerId,
    lastSequence: sequence,
    text,
  });
  /** The next call of this kind fails, once. */
  const failOnce = (call: string, code: string) => {
    files.before = (seen) => {
      if (seen !== call) return;
      files.before = () => undefined;
      throw Object.assign(new Error(`${code}: it failed`), { code });
    };
  };

  it('acknowledges under `always` only what was synced, the name of its file included', async () => {
    const spool = open();
    await spool.append(run(1));
    expect(files.calls).toEqual([
      'folder /spool',
      'create',
      'sync folder',
      'append',
      'sync',
      'look',
    ]);
    await Promise.all([spool.append(run(2)), spool.append(run(3))]);
    expect(files.text()).toBe('line 1\nline 2\nline 3\n');
    expect(spool.lastSequence).toBe(3);
  });

  it('syncs under `interval` a moment later and when it closes, and under `never` not at all', async () => {
    const spool = open({ fsync: 'interval' });
    await spool.append(run(1));
    await spool.append(run(2));
    expect(files.calls).not.toContain('sync');
    expect(timers).toHaveLength(1);
    timers[0]!();
    expect(files.calls.filter((call) => call === 'sync')).toHaveLength(1);
    await spool.append(run(3));
    await spool.close();
    expect(files.calls.slice(-2)).toEqual(['sync', 'close']);

    files = new FakeSpoolFiles();
    const careless = open({ fsync: 'never' });
    await careless.append(run(1));
    await careless.close();
    expect(files.calls.filter((call) => call.startsWith('sync'))).toEqual([]);
  });

  it('says when what it acknowledged under `interval` could not be synced', async () => {
    const spool = open({ fsync: 'interval' });
    await spool.append(run(1));
    failOnce('sync', 'EIO');
    timers[0]!();
    await expect.poll(() => late).toHaveLength(1);
    expect(late[0]).toContain('EIO');
  });

  it('writes a line again, in another file, when a daemon took the file meanwhile', async () => {
    const spool = open();
    await spool.append(run(1));
    let taken: { bytes: Buffer } | undefined;
    files.before = (call) => {
      // The daemon renames it and reads to its end; the line comes after that.
      if (call === 'append') taken ??= files.takeAway();
    };
    await spool.append(run(2));
    expect(taken?.bytes.toString()).toBe('line 1\nline 2\n');
    expect(files.text()).toBe('line 2\n');
    expect([...files.named.keys()][0]).toMatch(/\.2\.jsonl$/);
    expect(spool.segments).toHaveLength(1);
  });

  it('gives up when each new file is taken at once, instead of going on for ever', async () => {
    const spool = open();
    files.before = (call) => {
      if (call === 'look') files.takeAway();
    };
    await expect(spool.append(run(1))).rejects.toMatchObject({ code: 'CODI_SPOOL_UNAVAILABLE' });
  });

  it('leaves a file whose write failed, because it may end in half a line', async () => {
    const spool = open();
    await spool.append(run(1));
    files.tornBytes = 3;
    failOnce('append', 'ENOSPC');
    await expect(spool.append(run(2))).rejects.toMatchObject({
      code: 'CODI_SPOOL_UNAVAILABLE',
      retryable: true,
    });
    await spool.append(run(2));
    expect([...files.named.values()].map(({ bytes }) => bytes.toString())).toEqual([
      'line 1\nlin',
      'line 2\n',
    ]);
  });

  it('does not ask twice for a sync that failed, and removes a file in which nothing counts', async () => {
    const spool = open();
    failOnce('sync', 'EIO');
    await expect(spool.append(run(1))).rejects.toMatchObject({ code: 'CODI_SPOOL_UNAVAILABLE' });
    expect(files.named.size).toBe(0);
    await spool.append(run(1));
    expect(files.text()).toBe('line 1\n');
    expect(files.calls.filter((call) => call === 'sync')).toHaveLength(2);
  });

  it('refuses what is beyond its bytes, counts those of others, and takes it when there is room', async () => {
    files.named.set('/spool/other', { bytes: Buffer.alloc(90), synced: 0, isClosed: true });
    const spool = open({ limitBytes: 100 });
    await spool.append(run(1));
    await expect(spool.append(run(2))).rejects.toMatchObject({
      code: 'CODI_SPOOL_FULL',
      retryable: true,
    });
    files.named.delete('/spool/other');
    await spool.append(run(2));
    expect(spool.lastSequence).toBe(2);
  });

  it('begins another file when one has its bytes, and for another producer', async () => {
    const spool = open({ fileBytes: 10 });
    await spool.append(run(1));
    await spool.append(run(2));
    await spool.append(run(3));
    await spool.append(run(1, 'other\n', 'q'));
    expect([...files.named.values()].map(({ bytes }) => bytes.toString())).toEqual([
      'line 1\nline 2\n',
      'line 3\n',
      'other\n',
    ]);
  });

  it('removes its files when they are handed over, but not one with more than entries', async () => {
    const spool = open({ fileBytes: 1 });
    await spool.append(run(1));
    await spool.append({ producerId: 'p', lastSequence: 0, text: 'session\n' });
    await spool.release();
    expect(files.text()).toBe('session\n');
    expect(spool.lastSequence).toBe(0);
    await spool.append(run(2));
    expect(files.text()).toBe('session\nline 2\n');
  });
});
