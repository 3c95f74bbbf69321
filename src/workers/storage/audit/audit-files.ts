/** The files beside the databases that say what was true of them: checkpoints, their history, evidence. */
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../durable-file.ts';
import type { StoreKind } from '../open-database.ts';

/** More evidence than anybody reads; the oldest stays, it is where the trouble began. */
const EVIDENCE_LIMIT = 100;
/** A note is far smaller; a file that is not is none of ours. */
const FILE_LIMIT_BYTES = 64 * 1024;

/** What was found and when, kept until a person moves the file away. */
export interface Alarm {
  /** A database, or the key that signs for both. */
  about: StoreKind | 'key';
  /** RFC 3339. */
  detectedAt: string;
  reason: string;
  /** What did not fit, as it was found (the signed note, key.pub); null when there was none. */
  evidence: string | null;
}

export class AuditFiles {
  readonly dir: string;

  constructor(dataDir: string, dir = join(dataDir, 'audit')) {
    this.dir = dir;
  }

  path(name: string): string {
    return join(this.dir, name);
  }

  /** The last signed note; undefined when there is no such file. */
  readCheckpoint(kind: StoreKind): string | undefined {
    return readIfThere(this.path(`${kind}.checkpoint`));
  }

  writeCheckpoint(kind: StoreKind, note: string): void {
    writeDurably(this.dir, `${kind}.checkpoint`, note);
  }

  /** When the last note was written; undefined when there is none. */
  signedAtMs(kind: StoreKind): number | undefined {
    return statSync(this.path(`${kind}.checkpoint`), { throwIfNoEntry: false })?.mtimeMs;
  }

  /** Names of kept notes, the oldest first. */
  history(kind: StoreKind): string[] {
    return this.#list('history').filter((name) => name.startsWith(`${kind}-`));
  }

  /** When the newest note was kept. */
  keptAtMs(kind: StoreKind): number {
    const name = this.history(kind).at(-1);
    if (name === undefined) return Number.NEGATIVE_INFINITY;
    return statSync(this.path(join('history', name)), { throwIfNoEntry: false })?.mtimeMs ?? 0;
  }

  readHistory(name: string): string | undefined {
    return readIfThere(this.path(join('history', name)));
  }

  /** Keeps a note for good, up to `limit` of them: then the oldest goes. */
  keep(kind: StoreKind, note: string, nowMs: number, limit: number): void {
    const dir = this.path('history');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeDurably(dir, `${kind}-${sortable(nowMs)}.checkpoint`, note);
    const names = this.history(kind);
    for (const name of names.slice(0, Math.max(0, names.length - limit))) rmSync(join(dir, name));
  }

  /** Everything that was found and not moved away yet, the oldest first. */
  alarms(): Alarm[] {
    return this.#list('alarms').flatMap((name) => {
      const text = readIfThere(this.path(join('alarms', name)));
      return text === undefined ? [] : [parseAlarm(text, name)];
    });
  }

  raise(alarm: Alarm, nowMs: number): void {
    const dir = this.path('alarms');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    if (this.#list('alarms').length >= EVIDENCE_LIMIT) return;
    const text = `${JSON.stringify(alarm, null, 2)}\n`;
    writeDurably(dir, `${alarm.about}-${sortable(nowMs)}.json`, text);
  }

  /** Names of notes about where a chain was set back on purpose, the oldest first. */
  breaks(): string[] {
    return this.#list('breaks');
  }

  keepBreak(kind: StoreKind, note: string, nowMs: number): void {
    const dir = this.path('breaks');
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    writeDurably(dir, `${kind}-${sortable(nowMs)}.checkpoint`, note);
  }

  #list(name: string): string[] {
    try {
      return readdirSync(this.path(name))
        .filter((file) => !file.endsWith('.new'))
        .sort();
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}

/** The text of a file, undefined when there is none. */
export function readIfThere(path: string): string | undefined {
  try {
    const { size } = statSync(path);
    return size > FILE_LIMIT_BYTES ? '' : readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** `2026-01-31T12:00:00.000Z` without what file names do not like. */
function sortable(nowMs: number): string {
  return new Date(nowMs).toISOString().replaceAll(':', '');
}

/** A damaged alarm is an alarm all the same. */
function parseAlarm(text: string, name: string): Alarm {
  const about = (['state', 'key'] as const).find((each) => name.startsWith(each)) ?? 'ledger';
  try {
    const { reason, detectedAt, evidence } = JSON.parse(text) as Partial<Alarm>;
    if (typeof reason === 'string' && typeof detectedAt === 'string')
      return { about, reason, detectedAt, evidence: evidence ?? null };
  } catch {
    // Told below.
  }
  const reason = `an alarm was kept in ${name}, which cannot be read`;
  return { about, reason, detectedAt: new Date(0).toISOString(), evidence: null };
}
