import type { SpoolListing } from './spool-ports.ts';

/** What is known of the spool; outlives the actor that looks at it. */
export class SpoolDesk {
  #files = 0;
  #bytes = 0;
  #rejectedFiles = 0;
  #problem: string | undefined;
  #connection = 0;

  take({ files, rejectedFiles, problem }: SpoolListing): void {
    this.#files = files.length;
    this.#bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    this.#rejectedFiles = rejectedFiles;
    this.#problem = problem;
  }

  /** Why what clients left there cannot be read. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /**
   * A number that the ledger's answers to one drain carry. Connections of clients count up from 1, these down
   * from -1; none is used again, so that no late answer reaches another drain.
   */
  nextConnection(): number {
    this.#connection -= 1;
    return this.#connection;
  }

  summary(): { files: number; bytes: number; rejected_files: number } {
    return { files: this.#files, bytes: this.#bytes, rejected_files: this.#rejectedFiles };
  }
}
