import { access, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CodiError } from '../../protocol/errors.ts';
import { LinesFile } from './lines-file.ts';
import { SPLIT_FILES, UNREADABLE_FILE } from './split-rows.ts';

/** The files that --split writes: all of them, or none. */
export class SplitFolder {
  readonly #files: ReadonlyMap<string, LinesFile>;

  private constructor(files: ReadonlyMap<string, LinesFile>) {
    this.#files = files;
  }

  /** @throws CodiError CODI_USAGE when one of the files is there already; CODI_NOT_PERMITTED */
  static async create(folder: string): Promise<SplitFolder> {
    await mkdir(folder, { recursive: true, mode: 0o700 }).catch((error: Error) => {
      throw new CodiError('CODI_NOT_PERMITTED', { reason: error.message }, { cause: error });
    });
    const names = [...new Set<string>([...Object.values(SPLIT_FILES), UNREADABLE_FILE])];
    for (const name of names) await refuseExisting(join(folder, name));
    const files = new Map<string, LinesFile>();
    for (const name of names) files.set(name, await LinesFile.create(join(folder, name)));
    return new SplitFolder(files);
  }

  add(name: string, row: unknown): Promise<void> {
    return this.#files.get(name)!.add(row);
  }

  async finish(): Promise<void> {
    for (const file of this.#files.values()) await file.finish();
  }

  async discard(): Promise<void> {
    for (const file of this.#files.values()) await file.discard();
  }
}

async function refuseExisting(path: string): Promise<void> {
  const isThere = await access(path).then(
    () => true,
    () => false,
  );
  if (!isThere) return;
  const hint = 'name an empty folder';
  throw new CodiError('CODI_USAGE', { reason: `there is already ${path}` }, { hint });
}
