import { closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** What is in the file, or which names are in the directory, is on disk when it returns. */
export function syncPath(path: string | Buffer): void {
  const descriptor = openSync(path, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** After it returns the file is on disk in full, under its name; before, the old one is. */
export function writeDurably(dir: string, name: string, text: string): void {
  const path = join(dir, name);
  const descriptor = openSync(`${path}.new`, 'w', 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
  renameSync(`${path}.new`, path);
  syncPath(dir);
}
