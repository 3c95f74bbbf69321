import type { CodiError } from '../../protocol/errors.ts';
import type { ClientPorts } from '../ports.ts';
import type { SpoolFiles } from './spool-files.ts';

/**
 * When an entry in the spool counts as kept. `always`: its bytes are on disk (`fdatasync` returned).
 * `interval`: they are with the operating system, and on disk `syncIntervalMs` later; the end of the
 * process loses nothing, a power cut what is younger. `never`: the operating system decides when.
 */
export type FsyncPolicy = 'always' | 'interval' | 'never';

/** The spool of a client; everything has a default. */
export interface SpoolOptions {
  /** Folder of the files; `spool` in the data directory when absent. */
  directory?: string;
  /** `always` when absent. */
  fsync?: FsyncPolicy;
  /** Of `interval`; 100 ms when absent. */
  syncIntervalMs?: number;
  /** Bytes that all files in the folder may have together; 256 MiB when absent. */
  limitBytes?: number;
  /** A file that has so many bytes is followed by another one; 8 MiB when absent. */
  fileBytes?: number;
}

export type SpoolSettings = Required<SpoolOptions>;

export interface SpoolPorts extends Pick<ClientPorts, 'newId' | 'setTimeout'> {
  files: SpoolFiles;
  /** What was acknowledged under `interval` could not be synced. */
  onLateFailure(error: CodiError): void;
}

const MEBIBYTE = 1024 * 1024;

export function spoolSettings(options: SpoolOptions, directory: string): SpoolSettings {
  return {
    directory: options.directory ?? directory,
    fsync: options.fsync ?? 'always',
    syncIntervalMs: options.syncIntervalMs ?? 100,
    limitBytes: options.limitBytes ?? 256 * MEBIBYTE,
    fileBytes: options.fileBytes ?? 8 * MEBIBYTE,
  };
}
