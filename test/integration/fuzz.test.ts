// Arbitrary bytes and frames that were changed, at any chunking: nothing crashes, leaks or disturbs anybody. A sample;
// `npm run fuzz` is the long form.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { decodeMessage } from '#codi/protocol/codec.js';
import { FRAME_LIMIT_BYTES, FrameScanner } from '#codi/protocol/frame.js';
import type { WireFormat } from '#codi/protocol/frame.js';
import { newPlace, startDaemon } from '../support/daemon.ts';
import { deadline } from '../support/deadline.ts';
import { HostileFrames, shortestFailing } from '../support/hostile-frames.ts';
import type { FuzzFrame } from '../support/hostile-frames.ts';
import { newSeed, seededRandom } from '../support/random.ts';

const ASKED = process.env['CODI_FUZZ_FRAMES'];
const FRAMES = Number(ASKED ?? 10_000);
const BATCH = 500;
/** A connection takes far longer than a frame. */
const LIVE_SHARE = 0.05;
const LIVE_BATCH = 20;
const GROWTH_BYTES = 96 * 1024 * 1024;
const TIMEOUT_MS = ASKED === undefined ? 60_000 : 3_600_000;
const FORMATS: readonly WireFormat[] = ['msgpack', 'json'];
const seed = newSeed();

function report(text: string): void {
  if (ASKED !== undefined) process.stderr.write(`${text}\n`);
}

/** Writes the shortest bytes that fail to a file and gives its name. */
function keep(bytes: Buffer, fails: (bytes: Buffer) => boolean): string {
  const folder = fileURLToPath(new URL('../../.tmp', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `fuzz-${seed}.bin`);
  writeFileSync(path, shortestFailing(bytes, fails));
  return path;
}

function throws(action: () => void): boolean {
  try {
    action();
    return false;
  } catch {
    return true;
  }
}

function decodeAll(chunks: readonly Buffer[]): number {
  const scanner = new FrameScanner({ limitBytes: FRAME_LIMIT_BYTES });
  let count = 0;
  for (const chunk of chunks) {
    for (const frame of scanner.push(chunk).frames) {
      count += 1;
      decodeMessage(frame, scanner.format ?? 'msgpack');
    }
  }
  scanner.end();
  return count;
}

test(
  'scanner and decoder take any bytes: intact frames decode, nothing throws, memory does not grow',
  () => {
    const hostile = new HostileFrames(seededRandom(seed));
    let warmBytes = 0;
    let intact = 0;
    for (let done = 0; done < FRAMES; done += BATCH) {
      const format = FORMATS[hostile.below(2)]!;
      // The first one says what the connection speaks.
      const frames: FuzzFrame[] = [{ body: hostile.intact(format), isIntact: true }];
      while (frames.length < BATCH) frames.push(hostile.next(format));
      for (const { body, isIntact } of frames) {
        const decodes = (bytes: Buffer) => throws(() => decodeMessage(bytes, format));
        if (decodes(body)) expect.fail(`decoding throws, seed ${seed}: ${keep(body, decodes)}`);
        if (!isIntact) continue;
        intact += 1;
        expect(decodeMessage(body, format).ok, `seed ${seed}: ${body.toString('hex')}`).toBe(true);
      }
      const stream = hostile.stream(frames, format);
      const chunks = hostile.chunks(stream);
      const seen = decodeAll(chunks);
      const blank = frames.filter(
        ({ body }) => format === 'json' && /^[ \t\r]*$/.test(body.toString('latin1')),
      ).length;
      expect(seen, `seed ${seed}`).toBe(frames.length - blank);
      // From the middle on nothing fits any more.
      const torn = stream.subarray(hostile.below(stream.length));
      const scans = (bytes: Buffer) => throws(() => decodeAll([bytes]));
      if (scans(torn)) expect.fail(`scanning throws, seed ${seed}: ${keep(torn, scans)}`);
      if (done === Math.floor(FRAMES / BATCH / 4) * BATCH) warmBytes = process.memoryUsage().rss;
      if (done % 100_000 === 0) report(`${done} frames in process, seed ${seed}`);
    }
    expect(intact).toBeGreaterThan(FRAMES / 10);
    expect(process.memoryUsage().rss - warmBytes, `seed ${seed}`).toBeLessThan(GROWTH_BYTES);
  },
  TIMEOUT_MS,
);

interface Exchange {
  answers: Buffer;
  /** The daemon had closed before all was written: Node then drops what it has not read. */
  isCut: boolean;
}

/** Sends bytes in pieces, ends the stream, and collects all answers until the daemon has closed. */
function exchange(socketPath: string, chunks: readonly Buffer[]): Promise<Exchange> {
  return deadline(
    'the end of the connection',
    new Promise<Exchange>((resolve) => {
      const answers: Buffer[] = [];
      let isCut = false;
      const socket = connect({ path: socketPath, allowHalfOpen: true });
      socket.on('data', (chunk: Buffer) => answers.push(chunk));
      socket.on('error', () => (isCut = true));
      socket.on('end', () => socket.end());
      socket.on('close', () => resolve({ answers: Buffer.concat(answers), isCut }));
      for (const chunk of chunks) socket.write(chunk);
      socket.end();
    }),
    60_000,
  );
}

/** How often each request was answered. */
function answersIn(bytes: Buffer): Map<string, number> {
  const scanner = new FrameScanner({ limitBytes: 4 * FRAME_LIMIT_BYTES });
  const counts = new Map<string, number>();
  for (const frame of scanner.push(bytes).frames) {
    const decoded = decodeMessage(frame, scanner.format ?? 'msgpack');
    if (!decoded.ok) throw decoded.error;
    const { request_id: id } = decoded.message.payload.body as { request_id?: string };
    if (typeof id === 'string') counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  return counts;
}

const openFiles = (pid: number) => readdirSync(`/proc/${pid}/fd`).length;

function residentBytes(pid: number): number {
  const [, kib] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) * 1024;
}

test(
  'the daemon answers every intact frame once, loses no connection and no memory, and another client does not notice',
  async () => {
    const place = newPlace();
    const daemon = await startDaemon(place);
    const calm = await daemon.client();
    const kinds = ['LogEntry', 'SessionStart', 'SessionEnd', 'QueryLogs', 'StopMonitoring'];
    const hostile = new HostileFrames(seededRandom(seed + 1), kinds);
    const filesBefore = openFiles(daemon.pid);
    const batches = Math.ceil((FRAMES * LIVE_SHARE) / LIVE_BATCH);
    let warmBytes = 0;
    let cut = 0;
    for (let batch = 0; batch < batches; batch++) {
      const format = FORMATS[hostile.below(2)]!;
      // Those before the first changed one are answered, whatever the changed one does to the connection.
      const intact = Array.from({ length: 1 + hostile.below(4) }, () => hostile.intact(format));
      const frames: FuzzFrame[] = intact.map((body) => ({ body, isIntact: true }));
      while (frames.length < LIVE_BATCH) frames.push(hostile.next(format));
      const [{ answers, isCut }] = await Promise.all([
        exchange(place.socketPath, hostile.chunks(hostile.stream(frames, format))),
        calm.log({ level: 'Info', component: 'calm', message: `${batch}` }),
      ]);
      const counts = answersIn(answers);
      if (isCut) cut += 1;
      for (const body of isCut ? [] : intact) {
        const decoded = decodeMessage(body, format);
        if (!decoded.ok) throw decoded.error;
        expect(
          counts.get(decoded.message.id),
          `seed ${seed}, batch ${batch}: ${body.toString('hex')}`,
        ).toBe(1);
      }
      expect(
        [...counts.values()].every((count) => count === 1),
        `seed ${seed}, batch ${batch}`,
      ).toBe(true);
      if (batch === Math.floor(batches / 4)) warmBytes = residentBytes(daemon.pid);
      if (batch % 250 === 0)
        report(`${batch * LIVE_BATCH} frames sent to the daemon, seed ${seed}`);
    }
    expect(residentBytes(daemon.pid) - warmBytes, `seed ${seed}`).toBeLessThan(GROWTH_BYTES);
    // The last one may still be on its way out.
    await expect
      .poll(() => openFiles(daemon.pid), { timeout: 10_000 })
      .toBeLessThanOrEqual(filesBefore + 2);
    const filter = { component: 'calm' };
    const page = await calm.request('QueryLogs', { filter, limit: 1, count: 'exact' });
    expect(page.total_count).toBe(batches);
    expect(cut).toBeLessThan(batches / 2);
    report(`${cut} of ${batches} connections were closed before all was written`);
    await calm.close();
    expect(await daemon.stop()).toBe(0);
    place.remove();
  },
  TIMEOUT_MS,
);
