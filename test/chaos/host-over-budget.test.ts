// Case 18 of the known ways in which watchers fail: a watcher that takes more and more of the system is replaced, and
// one that cannot fit does not restart for ever.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runAt } from '../support/cli-harness.ts';
import { newPlace, startDaemon } from '../support/daemon.ts';
import { deadline } from '../support/deadline.ts';

const POLL_MS = 200;

test('A host that never fits is replaced three times, then its roots are polled, and nothing is missed.', async () => {
  const place = newPlace('codi-large-');
  const root = mkdtempSync(join(tmpdir(), 'codi-desk-'));
  mkdirSync(join(root, 'a'));
  const daemon = await startDaemon(place, [root], {
    env: { CODI_MONITOR_HOST_MEMORY: '32MiB' },
  });
  try {
    const watch = async () => (await runAt(place, 'watch', 'ls', '--json')).json()[0] ?? {};
    const isPolled = async () => {
      for (;;) {
        const { state, mode } = await watch();
        if (state === 'watching' && mode === 'poll') return;
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    };
    await deadline('the root to be polled', isPolled(), 60_000);
    expect((await watch())['reason']).toContain('its watch host took too much: memory');
    writeFileSync(join(root, 'a', 'f'), 'x');
    expect((await runAt(place, 'sync', root)).exitCode).toBe(0);
    const files = await runAt(place, 'files', 'ls', '--json');
    expect(files.json()).toContainEqual(expect.objectContaining({ path: 'a/f' }));
    const tree = await runAt(place, 'status', '--json');
    expect((tree.json()[0] as { restarts: { total: number } }).restarts.total).toBe(4);
  } finally {
    await daemon.stop();
    place.remove();
    rmSync(root, { recursive: true, force: true });
  }
}, 90_000);
