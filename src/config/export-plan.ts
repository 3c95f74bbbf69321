import { posix } from 'node:path';
import { bytePathFromUtf8, type BytePath } from '../protocol/byte-path.ts';
import type { ExportRules, TranscriptFolder } from '../protocol/export-names.ts';
import { absolute, type Machine } from '../protocol/places.ts';
import type { Config } from './schema.ts';

/** Agents whose transcripts are known, and where they lie. */
export const TRANSCRIPT_AGENTS = ['claude', 'codex', 'gemini'] as const;
type TranscriptAgent = (typeof TRANSCRIPT_AGENTS)[number];

/** What is captured, and which folders are watched for it beside the roots. */
export interface ExportPlan {
  rules: ExportRules;
  /** Absolute, with the include patterns they are watched by. */
  folders: readonly { path: BytePath; patterns: readonly string[] }[];
  /** What becomes of an original that was captured; a folder: it is moved there. */
  originals: 'keep' | 'delete' | { moveTo: BytePath };
}

/** Of a configuration, on this machine. */
export function exportPlan({ exports, monitor }: Config, machine: Machine): ExportPlan {
  const { afterCapture, moveTo } = exports;
  const originals =
    afterCapture === 'move'
      ? { moveTo: bytePathFromUtf8(absolute(moveTo!, machine)) }
      : afterCapture;
  if (!exports.isEnabled)
    return { rules: { patterns: [], transcripts: [] }, folders: [], originals };
  const transcripts = exports.transcripts.map((name) => transcriptFolder(name, machine));
  const folders = exports.folders.map((folder) => ({
    path: bytePathFromUtf8(absolute(folder, machine)),
    patterns: monitor.exportPatterns,
  }));
  return {
    rules: { patterns: monitor.exportPatterns, transcripts },
    folders: [...folders, ...transcripts],
    originals,
  };
}

/** The folder that a name or a path of `exports.transcripts` stands for. */
export function transcriptFolder(name: string, machine: Machine): TranscriptFolder {
  const isAgent = (TRANSCRIPT_AGENTS as readonly string[]).includes(name);
  const { path, patterns } = isAgent
    ? agentFolder(name as TranscriptAgent, machine)
    : { path: absolute(name, machine), patterns: ['*.jsonl'] };
  return { path: bytePathFromUtf8(path), patterns };
}

function agentFolder(agent: TranscriptAgent, machine: Machine) {
  const { home, env } = machine;
  const base = (variable: string, folder: string) => {
    const named = env[variable];
    return named === undefined || named === ''
      ? posix.join(home, folder)
      : absolute(named, machine);
  };
  switch (agent) {
    case 'claude':
      return {
        path: posix.join(base('CLAUDE_CONFIG_DIR', '.claude'), 'projects'),
        patterns: ['*.jsonl'],
      };
    case 'codex':
      return {
        path: posix.join(base('CODEX_HOME', '.codex'), 'sessions'),
        patterns: ['rollout-*.jsonl', 'rollout-*.jsonl.zst'],
      };
    case 'gemini':
      return {
        path: posix.join(home, '.gemini', 'tmp'),
        patterns: ['**/chats/*.json', '**/chats/*.jsonl'],
      };
  }
}
