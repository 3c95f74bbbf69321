// The failure this program was born from: files that agents exported and nobody caught. Several writers, slow and fast,
// beside a root under storm, while the exports actor is killed at random and the daemon once: each file is captured
// exactly once, byte by byte, with the session of its writer. The second daemon moves what it has captured: each file is
// in its place or where it was moved to, never in both and never gone. CODI_EXPORT_FILES makes it longer.
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EXPORT_ORIGINAL_ACTS } from '#codi/protocol/export-words.js';
import type { ExportRow } from '#codi/protocol/messages.js';
import { readContent } from '#codi/workers/storage/exports/blob-reader.js';
import { newPlace, startDaemon, type RunningDaemon } from '../support/daemon.ts';
import { eventually } from '../support/deadline.ts';
import { sha256 } from '../support/exports.ts';
import { newSeed, seededRandom } from '../support/random.ts';

const FILES = Number(process.env['CODI_EXPORT_FILES'] ?? 45);
const WRITERS = 3;
const ENV = { CODI_EXPORTS_SETTLE: '200ms' };
const pause = (durationMs: number) => new Promise((resolve) => setTimeout(resolve, durationMs));

interface Written {
  content: Buffer;
  session: string;
}

test(
  'every export is captured exactly once, whoever is killed meanwhile',
  async () => {
    const seed = newSeed();
    const random = seededRandom(seed);
    const place = newPlace();
    const work = join(place.home, 'work');
    const noise = join(place.home, 'noise');
    const moved = join(place.home, 'moved');
    const written = new Map<string, Written>();
    for (const folder of [work, noise]) mkdirSync(folder);
    for (let index = 0; index < WRITERS; index++) mkdirSync(join(work, `w${index}`));
    let daemon = await startDaemon(place, [work, noise], { env: ENV });
    let isWriting = true;
    try {
      await startSessions(daemon, work);
      const storm = makeNoise(noise, () => isWriting);
      const writers = Array.from({ length: WRITERS }, (_, index) =>
        writeExports({ folder: join(work, `w${index}`), session: `s${index}`, random, written }),
      );
      const half = () => written.size >= FILES / 2;
      while (!half()) {
        await pause(100 + random() * 500);
        await killExports(daemon);
      }
      await daemon.kill();
      const moving = { CODI_EXPORTS_AFTER_CAPTURE: 'move', CODI_EXPORTS_MOVE_TO: moved };
      daemon = await startDaemon(place, [work, noise], { env: { ...ENV, ...moving } });
      const movingSinceMs = Date.now();
      const kills = (async () => {
        while (isWriting) {
          await pause(200 + random() * 800);
          await killExports(daemon);
        }
      })();
      await Promise.all(writers);
      isWriting = false;
      await Promise.all([storm, kills]);
      const rows = await captured(daemon, written.size);
      console.log(`exports: seed ${seed}, ${rows.length} files`);
      expect(rows.map(({ original_path }) => original_path).sort()).toEqual(
        [...written.keys()].sort(),
      );
      for (const row of rows) {
        const { content, session } = written.get(row.original_path)!;
        expect(row, `seed ${seed}`).toMatchObject({
          state: 'captured',
          size: content.length,
          session_id: session,
        });
        expect(await contentOf(place.dataDir, row)).toEqual(content);
      }
      const later = rows.filter(({ captured_at: at }) => Date.parse(at) >= movingSinceMs);
      await allMoved(daemon, later);
      const there = [...filesIn(work), ...filesIn(moved)];
      const contents = (all: Iterable<Buffer>) => [...all].map((one) => sha256(one)).sort();
      expect(contents(there.map((file) => readFileSync(file)))).toEqual(
        contents([...written.values()].map(({ content }) => content)),
      );
      expect(filesIn(moved).length).toBeGreaterThan(0);
    } finally {
      isWriting = false;
      await daemon.stop();
      place.remove();
    }
  },
  60_000 + FILES * 1_000,
);

async function startSessions(daemon: RunningDaemon, work: string): Promise<void> {
  const client = await daemon.client();
  for (let index = 0; index < WRITERS; index++)
    await client.send('SessionStart', {
      session_id: `s${index}`,
      identity: `agent ${index}`,
      metadata: { cwd: join(work, `w${index}`) },
    });
  await client.close();
}

async function writeExports(about: {
  folder: string;
  session: string;
  random: () => number;
  written: Map<string, Written>;
}): Promise<void> {
  const { folder, session, random, written } = about;
  for (let number = 0; number < FILES / WRITERS; number++) {
    await pause(random() * 300);
    const content = randomBytes(1 + Math.floor(random() * 100_000));
    const name = random() < 0.5 ? `EXPORT-${number}.txt` : `2026-04-15-181648-${number}.txt`;
    const file = await open(join(folder, name), 'w');
    // The slow ones take longer than a file needs to settle.
    const parts = random() < 0.3 ? 4 : 1;
    const size = Math.ceil(content.length / parts);
    for (let at = 0; at < content.length; at += size) {
      if (at > 0) await pause(150 + random() * 150);
      await file.write(content, at, Math.min(size, content.length - at), at);
    }
    await file.close();
    written.set(join(folder, name), { content, session });
  }
}

/** Files that come, change and go, none of them an export. */
async function makeNoise(folder: string, isOn: () => boolean): Promise<void> {
  for (let round = 0; isOn(); round++) {
    for (let index = 0; index < 50; index++)
      writeFileSync(join(folder, `f${index}.tmp`), String(round));
    if (round % 5 === 0)
      for (let index = 0; index < 50; index += 2) rmSync(join(folder, `f${index}.tmp`));
    await pause(20);
  }
}

async function killExports(daemon: RunningDaemon): Promise<void> {
  const debug = await daemon.debug();
  try {
    await debug.kill('watching/exports');
  } catch {
    // It is between two lives.
  } finally {
    debug.close();
  }
}

async function captured(daemon: RunningDaemon, count: number): Promise<ExportRow[]> {
  const client = await daemon.client();
  try {
    const query = { filter: {}, limit: 10_000 };
    return await eventually(
      `${count} exports`,
      async () => {
        const { exports } = await client.request('QueryExports', query);
        return exports.length >= count ? exports : undefined;
      },
      60_000,
    );
  } finally {
    await client.close();
  }
}

async function allMoved(daemon: RunningDaemon, rows: readonly ExportRow[]): Promise<void> {
  const client = await daemon.client();
  try {
    const query = { filter: { kind: EXPORT_ORIGINAL_ACTS.moved }, limit: 10_000 };
    await eventually(
      `${rows.length} originals to be moved`,
      async () => {
        const { acts } = await client.request('QueryActs', query);
        const moved = new Set(acts.map(({ subject }) => subject));
        return rows.every(({ id }) => moved.has(`export:${id}`));
      },
      60_000,
    );
  } finally {
    await client.close();
  }
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

async function contentOf(dataDir: string, { checksum }: ExportRow): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of readContent(dataDir, checksum!, undefined)) pieces.push(piece);
  return Buffer.concat(pieces);
}
