// Given a watched folder. Break: 10,000 files are created, changed, renamed and deleted by git clone, cp -r,
// mkdir -p and mv, as fast as they go. Expect after: without anybody asking, the recorded index is what is on
// disk, and folding the history of events from empty gives the same.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { differences, foldedEvents, inIndex, onDisk } from '../support/oracle.ts';

const RUNS = Number(process.env['CODI_STORM_RUNS'] ?? 1);
/** Where the storms come from: outside of the watched folder. */
const source = newPlace('codi-storm-');
let daemon: RunningDaemon | undefined;

beforeAll(() => {
  const repository = join(source.home, 'repository');
  for (let directory = 0; directory < 60; directory++) {
    const path = join(repository, `pkg ${directory % 10}`, `deep${directory}`, 'src');
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 40; file++)
      writeFileSync(join(path, `file-ü${file}.txt`), 'content '.repeat(file));
  }
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: repository, stdio: 'ignore' });
  git('init', '-q');
  git('add', '.');
  git('-c', 'user.name=t', '-c', 'user.email=t@t', 'commit', '-qm', 'all');
});
afterEach(async () => {
  await daemon?.stop();
  daemon?.place.remove();
});
afterAll(() => source.remove());

const SCRIPT = `
set -e
git clone -q "$1/repository" clone
cp -r clone/. copy
cp -r "$1/repository" second
for i in $(seq 1 300); do mkdir -p "nest/$i/a/b/c"; echo $i > "nest/$i/a/b/c/leaf"; done
for d in copy/pkg*; do mv "$d" "moved $(basename "$d")"; done
mv nest nest-renamed
mv second/pkg* clone/ 2>/dev/null || true
find clone -name '*.txt' | head -600 | while read -r f; do echo more >> "$f"; done
for d in clone/pkg*/deep1*; do mv "$d" "$d-renamed"; done
rm -rf copy nest-renamed/1* "moved pkg 3"
mkdir swap; mv "moved pkg 4" swap/inner; mv swap "moved pkg 4"
find . -path ./clone/.git -prune -o -name 'file-ü1.txt' -print | while read -r f; do mv "$f" "$f.new"; echo again > "$f"; done
for i in $(seq 1 150); do echo $i > "tmp$i"; mv "tmp$i" "saved$((i % 20))"; done
`;

test.each(Array.from({ length: RUNS }, (_, run) => run + 1))(
  'the index and the folded history equal what is on disk after a storm (run %i)',
  async () => {
    const place = newPlace();
    const root = join(place.home, 'wäched folder');
    mkdirSync(root);
    daemon = await startDaemon(place, [root]);
    execFileSync('bash', ['-c', SCRIPT, 'storm', source.home], { cwd: root, stdio: 'ignore' });
    const client = await daemon.client();
    const wanted = onDisk(root);
    await eventually(
      'an index equal to the disk',
      async () =>
        differences(wanted, await inIndex(client, root), ['on disk', 'recorded']).length === 0,
      20_000,
    ).catch(async (error: Error) => {
      const lines = differences(wanted, await inIndex(client, root), ['on disk', 'recorded']);
      throw new Error(`${error.message}\n${lines.join('\n')}`);
    });
    expect(wanted.size).toBeGreaterThan(5_000);
    const folded = await foldedEvents(client, root);
    expect(differences(wanted, folded, ['on disk', 'folded'])).toEqual([]);
    await client.close();
  },
  120_000,
);

test('what changed while the daemon was down is recorded at the next start as found by reconciling', async () => {
  const place = newPlace();
  const root = join(place.home, 'root');
  mkdirSync(join(root, 'kept'), { recursive: true });
  writeFileSync(join(root, 'kept', 'changed.txt'), 'before');
  writeFileSync(join(root, 'kept', 'deleted.txt'), 'before');
  writeFileSync(join(root, 'kept', 'moved.txt'), 'before');
  daemon = await startDaemon(place, [root]);
  await daemon.kill();
  execFileSync('bash', [
    '-c',
    'cd "$1/kept"; echo after > changed.txt; rm deleted.txt; mv moved.txt ../moved.txt; mkdir new; echo x > new/x',
    'change',
    root,
  ]);
  daemon = await startDaemon(place, [root]);
  const client = await daemon.client();
  const page = await client.request('QueryEvents', {
    filter: { root },
    limit: 100,
    order: 'oldest',
  } as never);
  const changes = page.events
    .filter((row) => row.seq > 4)
    .map((row) => `${row.seen} ${row.event} ${row.from ? `${row.from} -> ` : ''}${row.path}`);
  expect(changes.sort()).toEqual([
    'reconcile create kept/new',
    'reconcile create kept/new/x',
    'reconcile delete kept/deleted.txt',
    'reconcile move kept/moved.txt -> moved.txt',
    'reconcile update kept/changed.txt',
  ]);
  await client.close();
}, 60_000);
