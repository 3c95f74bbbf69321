import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { TRANSCRIPT_AGENTS, transcriptFolder } from '../../config/export-plan.ts';
import { bytePathFromUtf8, showBytePath } from '../../protocol/byte-path.ts';
import { ExportSelector } from '../../protocol/export-names.ts';
import type { Machine } from '../../protocol/places.ts';

/** Transcripts of an agent on this machine. */
export interface FoundTranscripts {
  agent: (typeof TRANSCRIPT_AGENTS)[number];
  path: string;
  files: number;
  bytes: number;
  /** There is more than was looked at. */
  isMore: boolean;
}

export const AGENT_NAMES = { claude: 'Claude Code', codex: 'Codex', gemini: 'Gemini CLI' } as const;
/** Entries that are looked at for one agent: it is about how much there is, not about each. */
const ENTRIES_MAX = 20_000;

/** Folders of transcripts that are there, and how much is in them. */
export async function findTranscripts(machine: Machine): Promise<FoundTranscripts[]> {
  const found: FoundTranscripts[] = [];
  for (const agent of TRANSCRIPT_AGENTS) {
    const folder = transcriptFolder(agent, machine);
    const { path } = showBytePath(folder.path);
    const isThere = await stat(path).then(
      (entry) => entry.isDirectory(),
      () => false,
    );
    if (!isThere) continue;
    const selector = new ExportSelector({ patterns: [], transcripts: [folder] });
    const counted = { agent, path, files: 0, bytes: 0, isMore: false };
    let left = ENTRIES_MAX;
    for await (const { path: file, isFile } of entriesBelow(path)) {
      if (left-- === 0) {
        counted.isMore = true;
        break;
      }
      if (!isFile) continue;
      const relative = bytePathFromUtf8(file.slice(path.length + 1));
      if (selector.kindOf(folder.path, relative) === undefined) continue;
      counted.files += 1;
      counted.bytes += await stat(file).then(
        ({ size }) => size,
        () => 0,
      );
    }
    found.push(counted);
  }
  return found;
}

/** Links are not followed; what cannot be read is passed over. */
async function* entriesBelow(folder: string): AsyncGenerator<{ path: string; isFile: boolean }> {
  const folders: string[] = [];
  try {
    for await (const entry of (await opendir(folder)) as AsyncIterable<Dirent>) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      yield { path, isFile: entry.isFile() };
    }
  } catch {
    // It went away, or is not ours.
  }
  for (const path of folders) yield* entriesBelow(path);
}
