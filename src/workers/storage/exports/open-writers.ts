import { readdirSync, readFileSync, statSync } from 'node:fs';

const ACCESS_MODE = 0o3;
/** A look at every process is shared by captures of one moment. */
const FRESH_MS = 50;
const ENTRY = /^\d+$/;

/** Which files processes have open for writing, as far as /proc shows it to us. */
export class OpenWriters {
  readonly #self: string;
  readonly #monotonicMs: () => number;
  #found = new Set<string>();
  #atMs = -Infinity;

  constructor(selfPid: number, monotonicMs: () => number) {
    this.#self = String(selfPid);
    this.#monotonicMs = monotonicMs;
  }

  has({ dev, ino }: { dev: bigint; ino: bigint }): boolean {
    const nowMs = this.#monotonicMs();
    if (nowMs - this.#atMs > FRESH_MS) {
      this.#found = new Set(writtenFiles(this.#self));
      this.#atMs = this.#monotonicMs();
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
