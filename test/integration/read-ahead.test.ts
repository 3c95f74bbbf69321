// Given a real tree with names of any bytes, links, a pipe and ignored directories, and two daemons: one looks ahead of
// each sweep, the other never does. Expect: both record exactly what is there, at their first start and at the next one,
// between which the tree has changed; and looks were made ahead by one of them alone.
import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { newPlace, startDaemon, type DaemonPlace, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { RecordedTrees, walkTree } from '../support/storm/storm-judge.ts';

const AHEAD = { CODI_MONITOR_READ_AHEAD_ABOVE: '0' };
const ALONE = { CODI_MONITOR_READ_AHEAD: '0' };

const base = realpathSync(mkdtempSync(join(tmpdir(), 'codi-read-ahead-')));
const root = join(base, 'root');
const places = [newPlace(), newPlace()] as const;
afterAll(() => {
  for (const place of places) place.remove();
  rmSync(base, { recursive: true, force: true });
});

function fill(): void {
  for (let directory = 0; directory < 60; directory++) {
    const path = join(root, `a${directory % 3}`, `b${directory % 10}`, `c${directory}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 8; file++) writeFileSync(join(path, `f${file}`), 'x');
  }
  const bytes = Buffer.concat([Buffer.from(`${root}/a0/`), Buffer.from([0x63, 0xe9, 0xff])]);
  mkdirSync(bytes);
  writeFileSync(Buffer.concat([bytes, Buffer.from('/né')]), '');
  symlinkSync('..', join(root, 'a1', 'up'));
  symlinkSync('/', join(root, 'a1', 'top'));
  execFileSync('mkfifo', [join(root, 'a2', 'pipe')]);
  mkdirSync(join(root, 'node_modules', 'm'), { recursive: true });
}

function change(): void {
  renameSync(join(root, 'a0', 'b0'), join(root, 'a2', 'moved'));
  rmSync(join(root, 'a1', 'b1'), { recursive: true });
  symlinkSync(join(root, 'a2'), join(root, 'a1', 'b1'));
  for (let file = 0; file < 50; file++) writeFileSync(join(root, 'a1', `new${file}`), 'xx');
}

/** What is recorded of the root, and all that is recorded of it folded. */
function recorded(dataDir: string): Map<string, string>[] {
  const trees = new RecordedTrees(dataDir);
  try {
    return [trees.index(root), trees.folded(root)];
  } finally {
    trees.close();
  }
}

/** As told to whoever asks for metrics; hosts report about once a second. */
async function looksAhead({ place }: RunningDaemon): Promise<number> {
  const card = readFileSync(join(place.dataDir, 'daemon.json'), 'utf8');
  const { http_url } = JSON.parse(card) as { http_url: string };
  const text = await (await fetch(`${http_url}/metrics`)).text();
  return Number(/^codi_watch_looks_ahead_total (\d+)/m.exec(text)?.[1] ?? 0);
}

/** A daemon looks at the root and ends. */
async function look(place: DaemonPlace, env: Record<string, string>): Promise<void> {
  const daemon = await startDaemon(place, [root], { env });
  // How many depends on who is quicker.
  if (env === AHEAD) await eventually('looks ahead', async () => (await looksAhead(daemon)) > 0);
  else expect(await looksAhead(daemon)).toBe(0);
  await daemon.stop();
}

async function lookBoth(): Promise<void> {
  await Promise.all([look(places[0], AHEAD), look(places[1], ALONE)]);
  const wanted = walkTree(root, (_, name) => (name === 'node_modules' ? 'no' : 'yes'), true);
  for (const { dataDir } of places) expect(recorded(dataDir)).toEqual([wanted, wanted]);
}

test('Sweeps that are looked ahead of record what others record, at the first start and at the next.', async () => {
  fill();
  await lookBoth();
  change();
  await lookBoth();
});
