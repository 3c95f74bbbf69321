/** Reads files and hashes them; a checksum is only given for content that stood still meanwhile. */
import { createHash } from 'node:crypto';
import { closeSync, readSync } from 'node:fs';
import { joinBytePath } from '../../protocol/byte-path.ts';
import { isStill, openByName, openChecked, unreadOf, type Forbidden } from './content-file.ts';
import type { FileToHash, HashInput, HashOutcome, HashResult } from './hashing.messages.ts';
import { forbiddenFiles, realPaths } from './real-places.ts';

/** What one file counts against the rate, however small: opening it costs as well. */
const MIN_FILE_BYTES = 16 * 1024;
const CHUNK_BYTES = 256 * 1024;
/**
 * Times of files move in steps of the kernel's clock tick. A file that changed in the present step could change again
 * without a trace, so one that young is let be for so long, which is more than two steps of the slowest clock.
 */
const YOUNG_MS = 25;
const NANOS_PER_MS = 1_000_000n;

export interface HashPorts {
  dataDir: string;
  isLinux: boolean;
  nowMs(): number;
  monotonicMs(): number;
  /** Waits, or returns early when the task is to end. */
  sleep(durationMs: number): void;
  isStopping(): boolean;
  /** For tests: the file has been read so far. */
  onChunk?(): void;
}

const chunk = Buffer.allocUnsafeSlow(CHUNK_BYTES);

export function hashFiles(input: HashInput, ports: HashPorts): HashResult {
  const startedMs = ports.monotonicMs();
  const places = placesOf(input, ports);
  const outcomes: HashOutcome[] = [];
  let counted = 0;
  for (const file of input.files) {
    if (ports.isStopping() || ports.monotonicMs() - startedMs > input.budgetMs)
      outcomes.push({ unread: 'late', bytes: 0 });
    else if (!places) outcomes.push({ unread: 'changed', bytes: 0 });
    else {
      const reader = new FileReader(input, ports, startedMs, counted);
      const outcome = reader.read(file, places);
      outcomes.push(outcome);
      counted += Math.max(outcome.bytes, MIN_FILE_BYTES);
    }
  }
  return { outcomes, durationMs: ports.monotonicMs() - startedMs };
}

interface Places {
  real: ReturnType<typeof realPaths>;
  forbidden: Forbidden;
}

/** Undefined when the root is not there. */
function placesOf({ root }: HashInput, { dataDir }: HashPorts): Places | undefined {
  try {
    return { real: realPaths(root), forbidden: forbiddenFiles(dataDir) };
  } catch {
    return undefined;
  }
}

class FileReader {
  readonly #input: HashInput;
  readonly #ports: HashPorts;
  readonly #startedMs: number;
  readonly #countedBefore: number;
  #bytes = 0;

  constructor(input: HashInput, ports: HashPorts, startedMs: number, countedBefore: number) {
    this.#input = input;
    this.#ports = ports;
    this.#startedMs = startedMs;
    this.#countedBefore = countedBefore;
  }

  read(file: FileToHash, places: Places): HashOutcome {
    this.#letAge(file.stat.ctimeNs);
    try {
      return { ...this.#content(file, places), bytes: this.#bytes };
    } catch (error) {
      return { unread: unreadOf(error), bytes: this.#bytes };
    }
  }

  #content(
    { path, stat }: FileToHash,
    { real, forbidden }: Places,
  ): Pick<HashOutcome, 'checksum' | 'unread'> {
    const { root } = this.#input;
    const absolute = path === '' ? root : joinBytePath(root, path);
    const file = this.#ports.isLinux
      ? openByName(absolute, real(path), stat, forbidden)
      : openChecked(absolute, stat, forbidden);
    if (typeof file === 'string') return { unread: file };
    try {
      const checksum = this.#hash(file.fd, stat.size);
      if (typeof checksum === 'string') return { unread: checksum };
      return isStill(file, stat) ? { checksum } : { unread: 'changed' };
    } finally {
      closeSync(file.fd);
    }
  }

  #letAge(ctimeNs: bigint): void {
    const ageMs = this.#ports.nowMs() - Number(ctimeNs / NANOS_PER_MS);
    if (ageMs < YOUNG_MS) this.#ports.sleep(Math.min(YOUNG_MS, YOUNG_MS - ageMs));
  }

  #hash(fd: number, size: number): Uint8Array | 'late' | 'changed' {
    const { budgetMs } = this.#input;
    const hash = createHash('sha256');
    for (;;) {
      const count = readSync(fd, chunk, 0, CHUNK_BYTES, null);
      if (count === 0) break;
      hash.update(chunk.subarray(0, count));
      this.#bytes += count;
      this.#ports.onChunk?.();
      if (this.#bytes > size) return 'changed';
      this.#keepRate();
      const isOver = this.#ports.monotonicMs() - this.#startedMs > budgetMs;
      if (this.#bytes < size && (isOver || this.#ports.isStopping())) return 'late';
    }
    return this.#bytes === size ? hash.digest() : 'changed';
  }

  #keepRate(): void {
    const { rateBytes } = this.#input;
    if (rateBytes === undefined) return;
    const counted = this.#countedBefore + Math.max(this.#bytes, MIN_FILE_BYTES);
    const aheadMs = (counted / rateBytes) * 1000 - (this.#ports.monotonicMs() - this.#startedMs);
    if (aheadMs > 1) this.#ports.sleep(aheadMs);
  }
}
