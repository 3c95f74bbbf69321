// Saves as real editors and tools make them, in one step and in several, quick and slow: whatever other files come
// and go meanwhile, of the saved file there is one update, and what is recorded in the end is what is there.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { WatchingDaemon, type WatchedFolder } from '../support/recorded-events.ts';
import { skipUnless } from '../support/skip.ts';

const isThere = (program: string) => spawnSync(program, ['--version']).error === undefined;
const hasVim = isThere('vim');
const hasStrace = isThere('strace');
const daemon = new WatchingDaemon();
// A window that slow steps fit into on a machine with much else to do.
const SETTINGS_OF_DAEMON = { CODI_MONITOR_SETTLE: '400ms', CODI_MONITOR_SETTLE_MAX: '4s' };
beforeAll(() => daemon.start(SETTINGS_OF_DAEMON));
afterAll(() => daemon.stop());

const watched = () => daemon.folder((path) => writeFileSync(`${path}/f.txt`, 'before'));
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What was told of the saved file, and of others that are there in the end. */
async function told(folder: WatchedFolder): Promise<{ file: string[]; left: string[] }> {
  await folder.untilExact();
  const events = await folder.events();
  const others = events.filter((event) => !event.endsWith(' f.txt'));
  const gone = new Set(
    others.flatMap((event) => (event.startsWith('delete ') ? [event.slice(7)] : [])),
  );
  const left = others.filter((event) => !gone.has(event.slice(event.lastIndexOf(' ') + 1)));
  return {
    file: events.filter((event) => event.includes('f.txt') && !others.includes(event)),
    left,
  };
}

/** Makes one change in batch mode, as `:wq` does; `slowly` runs it under strace with a pause before each step. */
function vim(folder: WatchedFolder, settings: string, slowly = false): void {
  const command = ['vim', '-u', 'NONE', '-i', 'NONE', '-es', '-c', `set backupskip= ${settings}`];
  command.push('-c', 'normal Aafter', '-c', 'wq', 'f.txt');
  const steps = 'rename,unlink,chmod,fchmod,fsync,ftruncate';
  const delayed = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', `trace=${steps}`];
  delayed.push('-e', `inject=${steps}:delay_enter=40000`);
  const [program, ...args] = [...(slowly ? delayed : []), ...command];
  execFileSync(program!, args, {
    cwd: folder.path,
    stdio: 'ignore',
    env: { ...process.env, TERM: 'dumb' },
  });
}

const SETTINGS = [
  'nobackup writebackup backupcopy=no',
  'backup backupcopy=no',
  'nobackup writebackup backupcopy=yes',
];
describe('A save by vim is one update', () => {
  const run = skipUnless(hasVim, 'there is no vim', { requiredOnCi: true });
  run('when it moves the old file aside and deletes it.', async () => {
    const folder = await watched();
    vim(folder, 'nobackup writebackup backupcopy=no');
    expect(await told(folder)).toEqual({ file: ['update f.txt'], left: [] });
  });
  run('when it keeps the old file, which is a new one beside it.', async () => {
    const folder = await watched();
    vim(folder, 'backup backupcopy=no');
    expect(await told(folder)).toEqual({ file: ['update f.txt'], left: ['create f.txt~'] });
  });
  run('when it copies the old file and writes in place.', async () => {
    const folder = await watched();
    vim(folder, 'nobackup writebackup backupcopy=yes');
    expect(await told(folder)).toEqual({ file: ['update f.txt'], left: [] });
  });
  skipUnless(hasVim && hasStrace, 'there is no vim or no strace', { requiredOnCi: true })(
    'when its steps are far apart.',
    async () => {
      for (const settings of SETTINGS) {
        const folder = await watched();
        vim(folder, settings, true);
        expect((await told(folder)).file, settings).toEqual(['update f.txt']);
      }
    },
  );
});

describe('A save is one update', () => {
  const STEPS: Record<
    string,
    (at: (name: string) => string, step: () => Promise<unknown>) => Promise<void>
  > = {
    'by another file that is synced and renamed over': async (at, step) => {
      const file = openSync(at('f.txt.tmp'), 'w');
      writeSync(file, 'after');
      await step();
      fsyncSync(file);
      closeSync(file);
      await step();
      renameSync(at('f.txt.tmp'), at('f.txt'));
    },
    'by a file of any name that is renamed over': async (at) => {
      writeFileSync(at('xyz123'), 'after');
      renameSync(at('xyz123'), at('f.txt'));
      await Promise.resolve();
    },
    'with a safe write: written beside, swapped, the old one deleted': async (at, step) => {
      writeFileSync(at('f.txt___jb_tmp___'), 'after');
      await step();
      renameSync(at('f.txt'), at('f.txt___jb_old___'));
      await step();
      renameSync(at('f.txt___jb_tmp___'), at('f.txt'));
      await step();
      unlinkSync(at('f.txt___jb_old___'));
    },
    'that moves the old file aside, writes it anew and deletes the old one': async (at, step) => {
      renameSync(at('f.txt'), at('f.txt~'));
      await step();
      writeFileSync(at('f.txt'), '');
      await step();
      writeFileSync(at('f.txt'), 'after');
      await step();
      unlinkSync(at('f.txt~'));
    },
    'that deletes the file and writes it anew': async (at) => {
      rmSync(at('f.txt'));
      writeFileSync(at('f.txt'), 'after');
      await Promise.resolve();
    },
  };
  test.each(Object.keys(STEPS))('%s, in one go and with pauses.', async (way) => {
    for (const pauseMs of [0, 30]) {
      const folder = await watched();
      await STEPS[way]!(
        (name) => folder.at(name),
        () => pause(pauseMs),
      );
      expect(await told(folder), `${pauseMs} ms`).toEqual({ file: ['update f.txt'], left: [] });
    }
  });

  test('by `sed -i`.', async () => {
    const folder = await watched();
    execFileSync('sed', ['-i', 's/before/after/', 'f.txt'], { cwd: folder.path });
    expect(await told(folder)).toEqual({ file: ['update f.txt'], left: [] });
  });

  test('and the old file that is kept is a new one beside it.', async () => {
    const folder = await watched();
    renameSync(folder.at('f.txt'), folder.at('f.txt~'));
    await pause(30);
    writeFileSync(folder.at('f.txt'), 'after');
    expect(await told(folder)).toEqual({ file: ['update f.txt'], left: ['create f.txt~'] });
  });
});

test('A file that is only moved to such a name is told as moved, a deleted one as deleted.', async () => {
  const folder = await watched();
  renameSync(folder.at('f.txt'), folder.at('f.txt.bak'));
  await folder.untilExact();
  expect(await folder.events()).toEqual(['move f.txt > f.txt.bak']);
  unlinkSync(folder.at('f.txt.bak'));
  await folder.untilExact();
  expect(await folder.rows()).toMatchObject([
    { event: 'delete', path: 'f.txt.bak', seen: 'native' },
  ]);
});
