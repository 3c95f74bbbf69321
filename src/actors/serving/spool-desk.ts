import type { SpoolListing } from './spool-ports.ts';

export interface SpoolSummary {
  files: number;
  bytes: number;
  rejected_files: number;
}

/** What is known of the spool; outlives the actor that looks at it. */
export class SpoolDesk {
  #summary: SpoolSummary | undefined;
  #problem: string | undefined;
  #connection = 0;

  take({ files, rejectedFiles, problem }: SpoolListing): SpoolSummary {
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    this.#summary = { files: files.length, bytes, rejected_files: rejectedFiles };
    this.#problem = problem;
    return this.#summary;
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

  /** Undefined before the first look: nobody knows yet whether something waits. */
  summary(): SpoolSummary | undefined {
    return this.#summary;
  }
}
