import { execFileSync } from 'node:child_process';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { acquireLock } from '#codi/workers/storage/lock.js';
import { temporaryDir } from '../../../support/ledger-thread.ts';

let dir: ReturnType<typeof temporaryDir>;
beforeEach(() => {
  dir = temporaryDir();
});
afterEach(() => dir.remove());

/** What another process gets. */
function acquireElsewhere(): string {
  const entry = new URL('../../../../dist/workers/storage/lock.js', import.meta.url).href;
  const script = `import { acquireLock } from ${JSON.stringify(entry)};
    process.stdout.write(String(acquireLock(process.argv[1]).ok));`;
  return execFileSync(process.execPath, ['--input-type=module', '-e', script, dir.path], {
    encoding: 'utf8',
  });
}

describe('the lock of a data directory', () => {
  it('belongs to one process until it is released', () => {
    const lock = acquireLock(dir.path);
    expect(lock.ok).toBe(true);
    expect(acquireElsewhere()).toBe('false');
    if (lock.ok) lock.release();
    expect(acquireElsewhere()).toBe('true');
  });

  it('is gone with a process that ended without releasing it', () => {
    expect(acquireElsewhere()).toBe('true');
    const lock = acquireLock(dir.path);
    expect(lock.ok).toBe(true);
    if (lock.ok) lock.release();
  });

  it('is not given twice to the same process', () => {
    const lock = acquireLock(dir.path);
    expect(acquireLock(dir.path).ok).toBe(false);
    if (lock.ok) lock.release();
  });
});
