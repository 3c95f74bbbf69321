// The original's own test: write a file, append to it, remove it, at once, and see all three.
import { appendFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WatchingDaemon } from '../support/recorded-events.ts';

const daemon = new WatchingDaemon();
beforeAll(() => daemon.start({ CODI_MONITOR_HINT_SOURCE: 'fs' }));
afterAll(() => daemon.stop());

type Folder = Awaited<ReturnType<typeof daemon.folder>>;

async function untilTold(folder: Folder, last: string) {
  const told: { event: string; path: string; seen: string }[] = [];
  const isTold = async () => {
    told.push(...(await folder.rows()));
    return told.some(({ event, path }) => `${event} ${path}` === last);
  };
  await expect.poll(isTold, { timeout: 20_000 }).toBe(true);
  return told;
}

test('A file that is written, appended to and removed at once is told as all three.', async () => {
  const folder = await daemon.folder();
  // On a busy machine somebody may look between two steps: then what was seen is told, and not only by hints.
  for (let tries = 1; ; tries++) {
    const name = `test-${tries}.txt`;
    writeFileSync(folder.at(name), 'one\n');
    appendFileSync(folder.at(name), 'two\n');
    rmSync(folder.at(name));
    const told = await untilTold(folder, `delete ${name}`);
    expect(told[0]).toMatchObject({ event: 'create', path: name });
    if (tries < 10 && told.some(({ seen }) => seen !== 'hint')) continue;
    expect(told.map(({ event }) => event)).toEqual(['create', 'update', 'delete']);
    expect(new Set(told.map(({ path }) => path))).toEqual(new Set([name]));
    break;
  }
  await folder.untilExact();
});

test('A file that is written beside another one and renamed over it is not told.', async () => {
  const folder = await daemon.folder((path) => writeFileSync(`${path}/kept.txt`, 'before'));
  for (let times = 0; times < 5; times++) {
    writeFileSync(folder.at(`unlike-${times}`), 'after');
    renameSync(folder.at(`unlike-${times}`), folder.at('kept.txt'));
  }
  writeFileSync(folder.at('end'), '');
  const told = await untilTold(folder, 'create end');
  // On a busy machine one may live so long that it is seen itself.
  expect(told.filter(({ seen }) => seen === 'hint')).toEqual([]);
  expect(told).toContainEqual(expect.objectContaining({ event: 'update', path: 'kept.txt' }));
});
