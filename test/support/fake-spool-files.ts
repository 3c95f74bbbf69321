import type { SpoolFile, SpoolFiles } from '#codi/client/spool/spool-files.js';

export interface FakeFile {
  bytes: Buffer;
  /** How many of them are on disk. */
  synced: number;
  isClosed: boolean;
}

/** A disk for spools: it remembers what was synced, and fails and takes files away when told to. */
export class FakeSpoolFiles implements SpoolFiles {
  /** By path: what a reader of the folder sees. */
  readonly named = new Map<string, FakeFile>();
  /** Everything that happened, in order. */
  readonly calls: string[] = [];
  /** Called before each call; what it throws is the call's failure. */
  before: (call: string) => void = () => undefined;
  /** Of a write that fails, so many bytes reach the file. */
  tornBytes = 0;

  text(): string {
    return [...this.named.values()].map(({ bytes }) => bytes.toString()).join('');
  }

  openFolder(directory: string): Promise<{ bytes: number; names: string[] }> {
    return this.#do(`folder ${directory}`, () => ({
      bytes: [...this.named.values()].reduce((sum, file) => sum + file.bytes.length, 0),
      names: [...this.named.keys()],
    }));
  }

  create(path: string): Promise<SpoolFile> {
    return this.#do('create', () => {
      const file: FakeFile = { bytes: Buffer.alloc(0), synced: 0, isClosed: false };
      this.named.set(path, file);
      return this.#handle(path, file);
    });
  }

  syncFolder(): Promise<void> {
    return this.#do('sync folder', () => undefined);
  }

  remove(path: string): Promise<void> {
    return this.#do('remove', () => void this.named.delete(path));
  }

  /** As the daemon does: the file has another name from now on. */
  takeAway(): FakeFile {
    const [[path, file]] = [...this.named] as [[string, FakeFile]];
    this.named.delete(path);
    return file;
  }

  #handle(path: string, file: FakeFile): SpoolFile {
    return {
      append: (bytes) =>
        this.#do(
          'append',
          () => void (file.bytes = Buffer.concat([file.bytes, bytes])),
          () => void (file.bytes = Buffer.concat([file.bytes, bytes.subarray(0, this.tornBytes)])),
        ),
      sync: () => this.#do('sync', () => void (file.synced = file.bytes.length)),
      isNamed: () => this.#do('look', () => this.named.get(path) === file),
      read: async (position, length) => {
        if (file.isClosed) throw new Error('read after close');
        return file.bytes.subarray(position, position + length);
      },
      close: () => this.#do('close', () => void (file.isClosed = true)),
    };
  }

  async #do<T>(call: string, act: () => T, onFailure: () => void = () => undefined): Promise<T> {
    this.calls.push(call);
    await Promise.resolve();
    try {
      this.before(call);
    } catch (error) {
      onFailure();
      throw error;
    }
    return act();
  }
}
