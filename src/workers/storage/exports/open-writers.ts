import { readdirSync, readFileSync, statSync } from 'node:fs';

const ACCESS_MODE = 0o3;
/** A look at every process is shared by captures of one moment. */
const FRESH_MS = 50;
/** The clock of the file system may be behind by a tick. */
const TICK_MS = 20;
const ENTRY = /^\d+$/;

/** Which files processes have open for writing, as far as /proc shows it to us. */
export class OpenWriters {
  readonly #self: string;
  readonly #nowMs: () => number;
  #found = new Set<string>();
  /** When the last look began. */
  #atMs = -Infinity;

  /** `nowMs`: wall clock, as times of files are. */
  constructor(selfPid: number, nowMs: () => number) {
    this.#self = String(selfPid);
    this.#nowMs = nowMs;
  }

  /** The same by a look of this moment: also who has opened it and not written yet. */
  hasNow(file: { dev: bigint; ino: bigint; mtimeNs: bigint }): boolean {
    this.#atMs = -Infinity;
    return this.has(file);
  }

  /** Whoever has written to the file is seen: the look is one from after its last change. */
  has({ dev, ino, mtimeNs }: { dev: bigint; ino: bigint; mtimeNs: bigint }): boolean {
    const nowMs = this.#nowMs();
    const ageMs = nowMs - this.#atMs;
    const isBefore = this.#atMs < Number(mtimeNs / 1_000_000n) + TICK_MS;
    if (isBefore || ageMs < 0 || ageMs > FRESH_MS) {
      this.#atMs = nowMs;
      this.#found = new Set(writtenFiles(this.#self));
    }
    return this.#found.has(`${dev}:${ino}`);
  }
}

function* writtenFiles(self: string): Generator<string> {
  for (const pid of names('/proc')) {
    if (!ENTRY.test(pid) || pid === self) continue;
    for (const fd of names(`/proc/${pid}/fd`)) {
      const file = fileBehind(pid, fd);
      if (file !== undefined) yield file;
    }
  }
}

/** Of a regular file that is open for writing; processes and their files come and go meanwhile. */
function fileBehind(pid: string, fd: string): string | undefined {
  try {
    const stat = statSync(`/proc/${pid}/fd/${fd}`, { bigint: true });
    if (!stat.isFile()) return undefined;
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'));
    const isWriting = flags !== null && (Number.parseInt(flags[1]!, 8) & ACCESS_MODE) !== 0;
    return isWriting ? `${stat.dev}:${stat.ino}` : undefined;
  } catch {
    return undefined;
  }
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // another user's process, or no /proc
  }
}
