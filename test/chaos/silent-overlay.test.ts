// Case 14 of the known ways in which watchers fail: a file system that takes watches and tells nothing. The real one
// is an overlay whose lower directory somebody changes below the mount.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runAt } from '../support/cli-harness.ts';
import { newPlace, startDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { besideDaemon, canMount, inNamespace, NO_MOUNTS } from '../support/mount-namespace.ts';
import { skipUnless } from '../support/skip.ts';

const OVERLAY = [
  'mount -t tmpfs none "$1" && cd "$1" && mkdir -p l/d u w m',
  'mount -t overlay none -o lowerdir=l,upperdir=u,workdir=w m && cd /',
].join(' && ');
const WITHIN_MS = 30_000;

skipUnless(canMount, NO_MOUNTS, { requiredOnCi: true })(
  'An overlay that is changed from below is polled once sweeps found enough that nobody told.',
  async () => {
    const place = newPlace();
    const base = join(place.home, 'overlay');
    mkdirSync(base);
    const daemon = await startDaemon(place, [join(base, 'm')], {
      env: { CODI_MONITOR_SCAN_INTERVAL: '3s' },
      under: inNamespace(OVERLAY, base),
    });
    const rows = async (...args: string[]) =>
      (await runAt(place, ...args, '--json')).json() as Record<string, unknown>[];
    try {
      let files = 0;
      const isPolled = async () => {
        besideDaemon(daemon, 'touch', join(base, 'l', 'd', `f${++files}`));
        await new Promise((resolve) => setTimeout(resolve, 500));
        const [root] = await rows('watch', 'ls');
        return root?.['mode'] === 'poll' && root;
      };
      const root = await eventually('the root is polled', isPolled, WITHIN_MS);
      expect(root['reason']).toContain('hints do not come');
      const gaps = (await rows('watch', 'gaps', '--open')).map(({ reason }) => reason);
      expect(gaps).toContain('poll');
      expect((await runAt(place, 'sync')).exitCode).toBe(0);
      const paths = (await rows('files', 'ls')).map(({ path }) => path);
      for (let file = 1; file <= files; file++) expect(paths).toContain(`d/f${file}`);
    } finally {
      await daemon.stop();
      place.remove();
    }
  },
  60_000,
);
