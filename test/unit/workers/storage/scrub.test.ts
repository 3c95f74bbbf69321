import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openForWriting } from '#codi/workers/storage/open-database.js';
import { Scrub, type ScrubReport } from '#codi/workers/storage/scrub.js';
import { ArchiveWorld } from '../../../support/archive-world.ts';

const BLOCKS = 60;
const HOUR_MS = 3_600_000;

let world: ArchiveWorld;
let state: ReturnType<typeof openForWriting>;
let nowMs: number;
let reports: ScrubReport[];
beforeEach(() => {
  world = new ArchiveWorld();
  for (let at = 0; at < BLOCKS; at++) world.commit(BLOCKS - at);
  state = openForWriting(join(world.dataDir, 'state.db'), 'state');
  nowMs = world.nowMs;
  reports = [];
});
afterEach(() => {
  state.close();
  world.close();
});

/** A scrub whose clock moves by so much with each look at it. */
function newScrub({ tickMs = 30, percent = 2, intervalMs = HOUR_MS } = {}): Scrub {
  let monotonic = 0;
  const ports = {
    nowMs: () => nowMs,
    monotonicMs: () => (monotonic += tickMs),
    onPiece: (report: ScrubReport) => void reports.push(report),
  };
  return new Scrub(world.dataDir, { percent, intervalMs }, ports);
}

const ledgerOf = (scrub: Scrub) => scrub.states().find(({ store }) => store === 'ledger')!;

/** Until nothing is due. */
function runPass(scrub: Scrub): void {
  for (let steps = 0; steps < 200; steps++) if (scrub.step() === 5_000) return;
  throw new Error('the pass does not end');
}

it('leaves the first seconds to the start of the daemon, unless passes follow each other sooner', () => {
  expect(newScrub().firstStepMs).toBe(10_000);
  expect(newScrub({ intervalMs: 1_000 }).firstStepMs).toBe(1_000);
});

it('verifies every block, piece by piece, rests as long as its part of a core asks for, and begins anew when it is due', () => {
  const scrub = newScrub();
  const restMs = scrub.step();
  expect(ledgerOf(scrub).block).toBeGreaterThan(0);
  expect(ledgerOf(scrub).block).toBeLessThan(BLOCKS);
  // Looks at the clock are 30 ms apart here: the rest is 49 times what the piece took.
  expect(restMs % (30 * 49)).toBe(0);
  expect(restMs).toBeGreaterThan(0);
  runPass(scrub);
  expect(ledgerOf(scrub)).toMatchObject({ block: 0, passBlocks: BLOCKS + 1, passEndedMs: nowMs });
  expect(reports.map(({ piece }) => piece.found).flat()).toEqual([]);
  const entries = reports.reduce((sum, { piece }) => sum + piece.entries, 0);
  expect(entries).toBe(BLOCKS * 13 + 1);
  reports.length = 0;
  nowMs += HOUR_MS - 1;
  expect(scrub.step()).toBe(5_000);
  nowMs += 1;
  scrub.step();
  expect(reports).toHaveLength(1);
  scrub.close();
});

it('goes on after a restart where it was, also while entries are archived', async () => {
  const first = newScrub();
  first.step();
  const { block } = ledgerOf(first);
  first.close();
  await world.retain({ retentionDays: 20 });
  const second = newScrub();
  expect(ledgerOf(second).block).toBe(block);
  runPass(second);
  const blocks = reports.filter(({ store }) => store === 'ledger');
  expect(blocks.reduce((sum, { piece }) => sum + piece.blocks, 0)).toBe(BLOCKS + 1);
  expect(reports.map(({ piece }) => piece.found).flat()).toEqual([]);
  second.close();
});

it('a file that says nonsense, or is about another or a longer store, begins a pass anew', () => {
  const path = join(world.dataDir, 'scrub.json');
  const first = newScrub();
  first.step();
  first.close();
  const saved = JSON.parse(readFileSync(path, 'utf8')) as { ledger: Record<string, unknown> };
  for (const text of [
    'nonsense',
    '{"ledger":{"block":"x"}}',
    JSON.stringify({ ledger: { ...saved.ledger, block: 10_000 } }),
    JSON.stringify({ ledger: { ...saved.ledger, identity: 'ab' } }),
  ]) {
    writeFileSync(path, text);
    reports.length = 0;
    const scrub = newScrub({ tickMs: 0 });
    scrub.step();
    expect(reports[0]).toMatchObject({ store: 'ledger', piece: { blocks: BLOCKS + 1, found: [] } });
    scrub.close();
  }
});

it('names a damaged block until a pass finds it well, also over a restart', () => {
  const entry = world.ledger.database.prepare('UPDATE logs SET message = ? WHERE id = 75');
  const message = world.ledger.database.prepare('SELECT message FROM logs WHERE id = 75').pluck();
  const good = message.get();
  entry.run('forged');
  const scrub = newScrub();
  runPass(scrub);
  const damage = [{ block: 8, reason: 'its entries do not match its leaf', isArchived: false }];
  expect(reports.map(({ piece }) => piece.found).flat()).toEqual(damage);
  expect(ledgerOf(scrub).damage).toEqual(damage);
  scrub.close();
  entry.run(good);
  nowMs += HOUR_MS;
  const next = newScrub();
  expect(ledgerOf(next).damage).toEqual(damage);
  runPass(next);
  expect(ledgerOf(next).damage).toEqual([]);
  next.close();
});

it('names a damaged and a missing segment as what they are', async () => {
  await world.retain({ retentionDays: 20 });
  const [one, two] = world.files() as [string, string];
  const bytes = readFileSync(world.path(one));
  bytes[bytes.length >> 1]! ^= 4;
  writeFileSync(world.path(one), bytes);
  rmSync(world.path(two));
  const scrub = newScrub();
  runPass(scrub);
  const found = reports.map(({ piece }) => piece.found).flat();
  expect(found.every(({ isArchived }) => isArchived)).toBe(true);
  for (const file of [one, two])
    expect(found.some(({ reason }) => reason.startsWith(`archive/${file}: `))).toBe(true);
  scrub.close();
});

it('names a path that is stored in another form than any writer gives it, although its bytes are the same', async () => {
  const { database } = world.ledger;
  database.exec("UPDATE file_events SET path = CAST(path AS BLOB) WHERE path = 'f9'");
  const scrub = newScrub();
  runPass(scrub);
  const [damage] = ledgerOf(scrub).damage;
  expect(damage!.reason).toBe('its entries cannot be read: a path in UTF-8 is stored as bytes');
  scrub.close();
  const report = await world.retain({ retentionDays: 20, segmentLimitBytes: 1 });
  expect(report.stopped).toContain('a path in UTF-8 is stored as bytes');
});
