import { join } from 'node:path';
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import { spoolFileName } from '../../protocol/spool-line.ts';
import type { SpoolPorts, SpoolSettings } from './settings.ts';
import type { SpoolFile } from './spool-files.ts';

/** Lines that are written, and acknowledged, together. */
export interface SpoolRun {
  producerId: string;
  /** Sequence of the last entry among them; 0 when there is none. */
  lastSequence: number;
  /** Each with its end. */
  text: string;
}

/** A file of this client, and what is in it. */
export interface SpoolSegment {
  readonly path: string;
  readonly file: SpoolFile;
  readonly producerId: string;
  bytes: number;
  /** Holds something that is no entry, so that only the daemon can take all of it. */
  hasMessages: boolean;
}

interface Job extends SpoolRun {
  bytes: Buffer;
  resolve(): void;
  reject(error: CodiError): void;
}

const GROUP_LIMIT_BYTES = 1024 * 1024;
/** A daemon that takes each new file at once leaves no other way than to stop. */
const TAKEN_MAX = 64;

/**
 * The files of one client in the spool folder, appended to in order. A line counts only once its
 * file, after the write, still had the name it was made with: the daemon renames a file before it reads
 * it to the end, so what is written later goes into the next file, and nothing falls between the two.
 */
export class Spool {
  readonly #settings: SpoolSettings;
  readonly #ports: SpoolPorts;
  readonly #writer: string;
  #segments: SpoolSegment[] = [];
  #open: SpoolSegment | undefined;
  #number = 1;
  #lastSequence = 0;
  /** Of the folder when it was last measured, and what was added since. */
  #folderBytes = 0;
  #queue: Job[] = [];
  #isWriting = false;
  #idleWaiters: (() => void)[] = [];
  readonly #dirty = new Set<SpoolSegment>();

  constructor(settings: SpoolSettings, ports: SpoolPorts) {
    this.#settings = settings;
    this.#ports = ports;
    this.#writer = ports.newId();
  }

  get directory(): string {
    return this.#settings.directory;
  }

  /** Of the last entry that was acknowledged; 0 when everything was handed over. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** Files that this client still knows, in order; the others are the daemon's. */
  get segments(): readonly SpoolSegment[] {
    return this.#segments;
  }

  /**
   * Appends lines and resolves when they are as safe as the policy says.
   *
   * @throws CodiError CODI_SPOOL_FULL, CODI_SPOOL_UNAVAILABLE; then they may be sent again
   */
  append(run: SpoolRun): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...run, bytes: Buffer.from(run.text), resolve, reject });
      if (!this.#isWriting) void this.#work();
    });
  }

  get isIdle(): boolean {
    return !this.#isWriting;
  }

  /** Resolves when nothing waits to be written. */
  async idle(): Promise<void> {
    while (this.#isWriting) {
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
    }
  }

  /**
   * Everything is in the ledger: the files go, but for what only the daemon can take. What is appended
   * from this call on is in another file. Only while it is idle.
   */
  async release(): Promise<void> {
    for (const segment of this.#detach()) {
      await this.#close(segment);
      if (!segment.hasMessages) await this.#ports.files.remove(segment.path).catch(() => undefined);
    }
  }

  /** Lets go of the files; they stay where they are, for the daemon. */
  async leave(): Promise<void> {
    await this.idle();
    for (const segment of this.#detach()) await this.#close(segment);
  }

  /** Writes what waits and lets go. */
  async close(): Promise<void> {
    await this.idle();
    await this.leave();
  }

  #detach(): SpoolSegment[] {
    const segments = this.#segments;
    this.#segments = [];
    this.#open = undefined;
    this.#lastSequence = 0;
    return segments;
  }

  async #work(): Promise<void> {
    this.#isWriting = true;
    while (this.#queue.length > 0) {
      const group = this.#takeGroup();
      try {
        await this.#write(group);
        for (const job of group) job.resolve();
      } catch (error) {
        const failure = this.#explained(error);
        for (const job of group) job.reject(failure);
      }
    }
    this.#isWriting = false;
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** Waiting jobs of one producer, as many as go together. */
  #takeGroup(): Job[] {
    const [first] = this.#queue;
    let bytes = 0;
    let count = 0;
    for (const job of this.#queue) {
      bytes += job.bytes.length;
      const isTooMuch = count > 0 && bytes > GROUP_LIMIT_BYTES;
      if (isTooMuch || job.producerId !== first?.producerId) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  async #write(group: readonly Job[]): Promise<void> {
    const bytes = Buffer.concat(group.map((job) => job.bytes));
    const { producerId } = group[0]!;
    for (let attempt = 0; attempt < TAKEN_MAX; attempt++) {
      const segment = await this.#segmentFor(producerId, bytes.length);
      await this.#put(segment, bytes);
      if (await segment.file.isNamed()) return this.#note(segment, group, bytes.length);
      await this.#forget(segment);
    }
    throw new Error('every new file is taken away at once');
  }

  async #put(segment: SpoolSegment, bytes: Buffer): Promise<void> {
    try {
      await segment.file.append(bytes);
      if (this.#settings.fsync === 'always') await segment.file.sync();
      else if (this.#settings.fsync === 'interval') this.#syncLater(segment);
    } catch (error) {
      // A failed sync is not asked for again, and half a line ends its file: the next one is another.
      this.#open = undefined;
      if (segment.bytes === 0) {
        await this.#forget(segment);
        await this.#ports.files.remove(segment.path).catch(() => undefined);
      }
      throw error;
    }
  }

  #note(segment: SpoolSegment, group: readonly Job[], bytes: number): void {
    segment.bytes += bytes;
    this.#folderBytes += bytes;
    for (const { lastSequence } of group) {
      if (lastSequence > 0) this.#lastSequence = lastSequence;
      else segment.hasMessages = true;
    }
  }

  async #segmentFor(producerId: string, bytes: number): Promise<SpoolSegment> {
    const open = this.#open;
    const isFit = open?.producerId === producerId && open.bytes < this.#settings.fileBytes;
    if (open && isFit) {
      this.#checkRoom(bytes);
      return open;
    }
    const { files } = this.#ports;
    const { directory, fsync } = this.#settings;
    this.#folderBytes = (await files.openFolder(directory)).bytes;
    this.#checkRoom(bytes);
    const path = join(directory, spoolFileName(this.#writer, this.#number));
    this.#number += 1;
    const file = await files.create(path);
    const segment = { path, file, producerId, bytes: 0, hasMessages: false };
    this.#segments.push(segment);
    this.#open = segment;
    if (fsync !== 'never') await files.syncFolder(directory);
    return segment;
  }

  #checkRoom(bytes: number): void {
    const { directory, limitBytes } = this.#settings;
    if (this.#folderBytes + bytes <= limitBytes) return;
    // Measured anew with the next try: a daemon may have made room.
    this.#open = undefined;
    throw new CodiError('CODI_SPOOL_FULL', { path: directory, limitBytes });
  }

  #syncLater(segment: SpoolSegment): void {
    if (this.#dirty.has(segment)) return;
    this.#dirty.add(segment);
    this.#ports.setTimeout(() => {
      // Taken out when its file was closed, which syncs it.
      if (this.#dirty.delete(segment)) segment.file.sync().catch(this.#failLate);
    }, this.#settings.syncIntervalMs);
  }

  async #forget(segment: SpoolSegment): Promise<void> {
    this.#segments = this.#segments.filter((other) => other !== segment);
    if (this.#open === segment) this.#open = undefined;
    await this.#close(segment);
  }

  async #close(segment: SpoolSegment): Promise<void> {
    const { file } = segment;
    if (this.#dirty.delete(segment)) await file.sync().catch(this.#failLate);
    await file.close().catch(this.#failLate);
  }

  readonly #failLate = (error: unknown): void => {
    this.#ports.onLateFailure(this.#explained(error));
  };

  #explained(error: unknown): CodiError {
    if (isCodiError(error)) return error;
    const reason = error instanceof Error ? error.message : String(error);
    const details = { path: this.#settings.directory, reason };
    return new CodiError('CODI_SPOOL_UNAVAILABLE', details, { cause: error });
  }
}
