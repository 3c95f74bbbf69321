import { execFileSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WatchHostProcess } from '../support/watch-host-process.ts';

const base = mkdtempSync(join(tmpdir(), 'codi-storms-'));
const template = join(base, 'template');
let host: WatchHostProcess;
let nextRoot = 1;

/** 40 directories with 10 files each, ignored ones among them. */
function fill(directory: string): void {
  for (let index = 0; index < 40; index++) {
    const path = join(directory, `p${index % 4}`, `q${index % 10}`, `r${index}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 10; file++)
      writeFileSync(join(path, `f${file}.txt`), 'x'.repeat(file));
  }
  mkdirSync(join(directory, 'p0', 'node_modules', 'm'), { recursive: true });
  writeFileSync(join(directory, 'p0', 'node_modules', 'm', 'index.js'), '');
}

let uses = 0;
/** A path outside of all roots that nobody used before. */
const outside = () => join(base, `outside${++uses}`);

/** What programs do to trees; each is run several times over. */
const STORMS: Record<string, (root: string, round: number) => void> = {
  'mkdir -p with a file at the bottom': (root, round) => {
    for (let index = 0; index < 60; index++) {
      const path = join(root, `mk${round}`, `a${index}`, 'b', 'c', 'd');
      mkdirSync(path, { recursive: true });
      writeFileSync(join(path, 'deep.txt'), 'x');
    }
  },
  'cp -r of a tree': (root, round) => {
    execFileSync('cp', ['-r', template, join(root, `copy${round}`)]);
  },
  'mv of a populated tree in, within and out': (root, round) => {
    const source = outside();
    const target = outside();
    cpSync(template, source, { recursive: true });
    renameSync(source, join(root, 'in'));
    renameSync(join(root, 'in'), join(root, `within${round}`));
    writeFileSync(join(root, `within${round}`, 'p1', 'after.txt'), 'x');
    renameSync(join(root, `within${round}`, 'p2'), target);
    writeFileSync(join(target, 'unseen.txt'), 'x');
  },
  'git clone and checkouts': (root, round) => {
    const git = (...words: string[]) =>
      execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...words], {
        stdio: 'pipe',
      });
    const origin = outside();
    cpSync(template, origin, { recursive: true });
    git('init', '-q', '-b', 'main', origin);
    git('-C', origin, 'add', '.');
    git('-C', origin, 'commit', '-q', '-m', 'one');
    git('-C', origin, 'checkout', '-q', '-b', 'other');
    git('-C', origin, 'mv', 'p1', 'moved');
    git('-C', origin, 'rm', '-q', '-r', 'p3');
    git('-C', origin, 'commit', '-q', '-m', 'two');
    const clone = join(root, `clone${round}`);
    git('clone', '-q', origin, clone);
    git('-C', clone, 'checkout', '-q', 'main');
    git('-C', clone, 'checkout', '-q', 'other');
  },
  'renames of files and directories': (root, round) => {
    const place = join(root, `renames${round}`);
    cpSync(template, place, { recursive: true });
    for (let index = 0; index < 100; index++) {
      const [from, to] = index % 2 === 0 ? ['p1', 'p1x'] : ['p1x', 'p1'];
      renameSync(join(place, from!), join(place, to!));
      renameSync(join(place, 'p0/q0/r0', `f${index % 10}.txt`), join(place, 'p0', `n${index}`));
      writeFileSync(join(place, 'p0/q0/r0', `f${index % 10}.txt`), String(index));
    }
  },
  'deletes while others write': (root, round) => {
    const place = join(root, `deletes${round}`);
    cpSync(template, place, { recursive: true });
    rmSync(join(place, 'p0'), { recursive: true });
    for (let index = 0; index < 50; index++) {
      rmSync(join(place, 'p2'), { recursive: true, force: true });
      mkdirSync(join(place, 'p2', 'q'), { recursive: true });
      writeFileSync(join(place, 'p2', 'q', `f${index}`), 'x');
    }
    rmSync(join(place, 'p1'), { recursive: true });
  },
  'saves by rename, links, and names of any bytes': (root, round) => {
    const place = join(root, `names${round}`);
    mkdirSync(place);
    symlinkSync('/', join(place, 'to-root'));
    symlinkSync('..', join(place, 'loop'));
    const odd = Buffer.concat([Buffer.from(`${place}/`), Buffer.from([0x66, 0xff, 0xfe])]);
    mkdirSync(odd);
    writeFileSync(Buffer.concat([odd, Buffer.from('/in\nside')]), 'x');
    writeFileSync(join(place, 'ü'.repeat(127)), 'x');
    for (let index = 0; index < 30; index++) {
      writeFileSync(join(place, 'saved.tmp'), 'x'.repeat(index));
      renameSync(join(place, 'saved.tmp'), join(place, 'saved'));
    }
    utimesSync(join(place, 'saved'), 1_000, 1_000);
  },
};

beforeAll(() => {
  mkdirSync(template);
  fill(template);
  host = new WatchHostProcess();
});
afterAll(async () => {
  await host.stop();
  // Some ten thousand files.
  rmSync(base, { recursive: true, force: true });
}, 120_000);
beforeEach(() => {
  host.events.length = 0;
});

const ALL = Object.keys(STORMS);
const SOURCES = [
  { source: 'fs', options: { hintSource: 'fs' }, rounds: 3, storms: ALL },
  { source: 'parcel', options: { hintSource: 'parcel' }, rounds: 2, storms: ALL.slice(0, 4) },
  {
    source: 'parcel, which has to renew',
    options: { hintSource: 'auto', directoryBudget: 50, isRecursiveHost: true },
    rounds: 2,
    storms: ['cp -r of a tree', 'renames of files and directories'],
  },
] as const;

describe.each(SOURCES)('With the hint source $source', ({ options, rounds, storms }) => {
  test.each(storms)(
    'after %s, several times, the events fold to what is on the disk, without a sync.',
    async (name) => {
      const root = nextRoot++;
      const path = join(base, `root${root}`);
      mkdirSync(path);
      fill(path);
      await host.watch(root, path, options);
      for (let round = 0; round < rounds; round++) {
        STORMS[name]!(path, round);
        await host.untilEqual(root, path);
      }
      // Whatever came is watched: one more change in each directory is seen.
      const find = execFileSync('find', [
        path,
        '-type',
        'd',
        '!',
        '-path',
        '*node_modules*',
        '!',
        '-path',
        '*.git*',
        '-print0',
      ]);
      for (const directory of splitAtNul(find))
        writeFileSync(Buffer.concat([directory, Buffer.from('/last')]), 'x');
      await host.untilEqual(root, path);
      host.send({ type: 'unwatch', root });
      expect(host.child.exitCode).toBeNull();
    },
  );
});

function splitAtNul(bytes: Buffer): Buffer[] {
  return bytes
    .toString('latin1')
    .split('\0')
    .filter((name) => name !== '')
    .map((name) => Buffer.from(name, 'latin1'));
}
