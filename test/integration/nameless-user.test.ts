// Containers run programs under user ids that no list of users knows, and without HOME.
import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';
import { codiProcess } from '../support/codi-process.ts';
import { newPlace, startDaemon } from '../support/daemon.ts';
import { skipUnless } from '../support/skip.ts';

const NAMELESS = ['unshare', '-U', '--map-user=54321', 'env', '-u', 'HOME'];
const [unshare, ...args] = NAMELESS;
const canBeNameless = spawnSync(unshare!, [...args, 'true']).status === 0;
const asNameless = skipUnless(canBeNameless, 'another user id needs a user namespace');

asNameless('A user without a name writes entries with a daemon and without one.', async () => {
  const place = newPlace();
  const log = async (text: string) => {
    const codi = codiProcess(place, ['log', text], { under: NAMELESS });
    expect({ ...(await codi.ended), notes: codi.notes() }).toMatchObject({ code: 0 });
    return codi.notes();
  };
  expect(await log('one')).toContain('no daemon can be reached');
  const daemon = await startDaemon(place);
  expect(await log('two')).toBe('');
  await daemon.stop();
  place.remove();
});
