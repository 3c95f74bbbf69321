// Ways in which watchers are known to fail, one by one, against a real daemon. docs/testing.md lists them all.
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../support/deadline.ts';
import { WatchingDaemon } from '../support/recorded-events.ts';
import { skipUnless } from '../support/skip.ts';
import { systemCalls } from '../support/storm/system-calls.ts';

const calls = systemCalls();
const withCalls = skipUnless(calls !== undefined, 'koffi is not installed', { requiredOnCi: true });
const onLinux = skipUnless(process.platform === 'linux', 'there is no /proc', {
  requiredOnCi: true,
});
const daemon = new WatchingDaemon();
// One host, so that it is clear whose end a folder notices.
beforeAll(() => daemon.start({ CODI_MONITOR_HOSTS: '1' }));
afterAll(() => daemon.stop());

/** The process that watches. */
function hostPid(): number {
  for (const task of readdirSync(`/proc/${daemon.pid}/task`))
    for (const child of readFileSync(`/proc/${daemon.pid}/task/${task}/children`, 'utf8').split(
      ' ',
    ))
      if (child !== '' && readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('watch-host'))
        return Number(child);
  throw new Error('there is no watch host');
}

function watchedInodes(): Set<string> {
  const proc = `/proc/${hostPid()}`;
  const lists = readdirSync(`${proc}/fd`)
    .filter((fd) => readlinkSync(`${proc}/fd/${fd}`).includes('inotify'))
    .map((fd) => readFileSync(`${proc}/fdinfo/${fd}`, 'utf8'));
  return new Set(
    lists.flatMap((text) => [...text.matchAll(/ino:([0-9a-f]+)/g)].map(([, ino]) => ino!)),
  );
}

onLinux(
  'A directory that moves out takes its watches along and is never heard of again.',
  async () => {
    const folder = await daemon.folder((path) => mkdirSync(`${path}/d/e`, { recursive: true }));
    const inodes = ['d', 'd/e'].map((name) => statSync(folder.at(name)).ino.toString(16));
    expect(inodes.every((ino) => watchedInodes().has(ino))).toBe(true);
    const outside = daemon.outside('moved');
    renameSync(folder.at('d'), outside);
    await folder.untilExact();
    expect(await folder.events()).toEqual(['delete d/e', 'delete d']);
    await eventually(
      'watches that are released',
      () => !inodes.some((ino) => watchedInodes().has(ino)),
    );
    writeFileSync(`${outside}/e/unseen`, 'x');
    await folder.sync();
    expect(await folder.events()).toEqual([]);
  },
);

withCalls(
  'Two directories that change places in one step are recorded where they are, and watched there.',
  async () => {
    const folder = await daemon.folder((path) => {
      for (const name of ['a', 'b']) {
        mkdirSync(`${path}/${name}`);
        writeFileSync(`${path}/${name}/of-${name}`, '');
      }
    });
    calls!.exchange(Buffer.from(folder.at('a')), Buffer.from(folder.at('b')));
    await folder.untilExact();
    for (const name of ['a', 'b']) writeFileSync(folder.at(`${name}/later`), 'x');
    await folder.untilExact();
  },
);

test('A folder in which directories come and go while it begins to be watched is exact soon after.', async () => {
  const churn = { stop: false };
  const folder = daemon.folder((path) => {
    const step = (round: number) => {
      if (churn.stop) return;
      for (let index = 0; index < 40; index++) {
        rmSync(`${path}/d${index}`, { recursive: true, force: true });
        if ((index + round) % 3 === 0) continue;
        mkdirSync(`${path}/d${index}/e`, { recursive: true });
        writeFileSync(`${path}/d${index}/e/f`, String(round));
      }
      setTimeout(() => step(round + 1), 5);
    };
    step(0);
  });
  const watched = await folder;
  churn.stop = true;
  await watched.untilExact();
});

onLinux(
  'A watch host that crashes is replaced, and what happened meanwhile is found.',
  async () => {
    const folder = await daemon.folder((path) => writeFileSync(`${path}/f`, ''));
    const first = hostPid();
    process.kill(first, 'SIGSEGV');
    for (let index = 0; index < 50; index++) writeFileSync(folder.at(`n${index}`), 'x');
    await folder.untilExact(20_000);
    expect(hostPid()).not.toBe(first);
    expect(await folder.events()).toHaveLength(50);
  },
);

onLinux(
  'A watch host that is killed during its first look finds everything in its next one.',
  async () => {
    const starting = daemon.folder((path) => {
      for (let index = 0; index < 3_000; index++) writeFileSync(`${path}/f${index}`, '');
    });
    process.kill(hostPid(), 'SIGKILL');
    await (await starting).untilExact(20_000);
  },
);

withCalls('Other content of the same size and time is an update.', async () => {
  const folder = await daemon.folder((path) => writeFileSync(`${path}/f`, 'one'));
  const { mtimeNs } = statSync(folder.at('f'), { bigint: true });
  writeFileSync(folder.at('f'), 'two');
  calls!.setModified(Buffer.from(folder.at('f')), mtimeNs);
  // Whether a look fell in between or not: an update, or a change of the change time alone.
  await folder.untilExact();
  await folder.sync();
  expect((await folder.events()).length).toBeGreaterThan(0);
});

test('A change of the mode alone is an `attrib`, not an `update`.', async () => {
  const folder = await daemon.folder((path) => writeFileSync(`${path}/f`, ''));
  chmodSync(folder.at('f'), 0o600);
  await folder.untilExact();
  expect(await folder.events()).toEqual(['attrib f']);
});

test('What is written through a name outside is found when somebody asks.', async () => {
  const outside = daemon.outside('link');
  const folder = await daemon.folder((path) => {
    writeFileSync(outside, '');
    linkSync(outside, `${path}/f`);
  });
  writeFileSync(outside, 'more');
  await folder.sync();
  expect(await folder.events()).toEqual(['update f']);
});

withCalls('What is written through a mapping is found when somebody asks.', async () => {
  const folder = await daemon.folder((path) => writeFileSync(`${path}/f`, 'one'));
  calls!.writeMapped(Buffer.from(folder.at('f')), 120);
  await folder.sync();
  expect(await folder.events()).toEqual(['update f']);
});

test('Links to directories, loops and links elsewhere are entries; what is behind them is not looked at.', async () => {
  const outside = daemon.outside('target');
  mkdirSync(outside);
  const folder = await daemon.folder();
  symlinkSync('.', folder.at('loop'));
  symlinkSync(outside, folder.at('away'));
  await folder.untilExact();
  writeFileSync(`${outside}/secret`, 'x');
  rmSync(folder.at('away'));
  symlinkSync('/', folder.at('away'));
  await folder.untilExact();
  await folder.sync();
  const events = await folder.events();
  expect(events.filter((event) => event.includes('/'))).toEqual([]);
  expect(events.slice(2)).toEqual(['update away']);
});

test('A name of which only the case changes has moved.', async () => {
  const folder = await daemon.folder((path) => writeFileSync(`${path}/Name`, ''));
  renameSync(folder.at('Name'), folder.at('name'));
  await folder.untilExact();
  expect(await folder.events()).toEqual(['move Name > name']);
});

withCalls('A pipe is an entry and is never opened.', async () => {
  const folder = await daemon.folder();
  calls!.makeFifo(Buffer.from(folder.at('pipe')));
  writeFileSync(folder.at('after'), '');
  await folder.untilExact();
  expect((await folder.events()).sort()).toEqual(['create after', 'create pipe']);
});
