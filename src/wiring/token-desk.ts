import { randomBytes } from 'node:crypto';
import type { TokenPort } from '../actors/serving/ports.ts';
import { CodiError, isCodiError } from '../protocol/errors.ts';
import type { Clock, Timer } from '../supervisor/index.ts';
import type { Telemetry } from '../telemetry/telemetry.ts';
import { TokenBook } from '../workers/storage/tokens/token-book.ts';
import { actOfCreation, actOfRevocation, wishOf } from '../workers/storage/tokens/token-change.ts';
import { tokenRow } from '../workers/storage/tokens/token-rows.ts';
import type { TokenFile } from '../workers/storage/tokens/token-file.ts';
import type { Act } from './act-recorder.ts';
import { FailureCount } from './failure-count.ts';

export interface TokenDeskPorts {
  read(): Promise<TokenFile>;
  write(content: TokenFile): Promise<void>;
  clock: Clock;
  telemetry: Telemetry;
  record(act: Act): void;
  /** Tokens from one address that may be wrong within a minute before no more is said about them. */
  failuresPerMinute: number;
}

/** How late the file may be about when a token was used last. */
const SAVE_DELAY_MS = 60_000;
/** Timers cannot be set for longer than 24 days; this is far less. */
const LOOK_MS = 3_600_000;

/**
 * The tokens of the running daemon, in memory and in their file. It is the only one that writes the file while it
 * runs, so a change is known at once: connections that came in with a token that ends are told.
 */
export class TokenDesk implements TokenPort {
  readonly #ports: TokenDeskPorts;
  readonly #failures: FailureCount;
  readonly #watches = new Map<string, Set<(error: CodiError) => void>>();
  #book = new TokenBook([], randomBytes);
  #acts: TokenFile['acts'] = [];
  #problem: CodiError | undefined;
  #writing: Promise<void> = Promise.resolve();
  #saveTimer: Timer | undefined;
  #lookTimer: Timer | undefined;

  constructor(ports: TokenDeskPorts) {
    this.#ports = ports;
    this.#failures = new FailureCount(ports.failuresPerMinute);
  }

  /** Reads the file; what was done while no daemon ran goes to the ledger. */
  async load(): Promise<void> {
    try {
      const { tokens, acts } = await this.#ports.read();
      this.#book = new TokenBook(tokens, randomBytes);
      this.#acts = acts;
    } catch (error) {
      if (!isCodiError(error)) throw error;
      this.#problem = error;
    }
    for (const { id, atMs, ...act } of this.#acts)
      this.#ports.record({ ...act, earlier: { id, atMs } });
  }

  /** Why no token is accepted, in words; undefined while all is well. */
  get problem(): string | undefined {
    return this.#problem?.message;
  }

  get count(): number {
    return this.#book.all().length;
  }

  check: TokenPort['check'] = (text, address) => {
    const nowMs = this.#nowMs();
    const verdict = this.#book.check(text, nowMs);
    if (!verdict.ok) return { ok: false, error: this.#refuse(verdict.reason, address) };
    const { id, name, scopes } = verdict.record;
    if (this.#book.use(id, address, nowMs)) this.#saveSoon();
    return { ok: true, token: { id, name, scopes } };
  };

  watch: TokenPort['watch'] = (id, onEnd) => {
    const watchers = this.#watches.get(id) ?? new Set();
    this.#watches.set(id, watchers.add(onEnd));
    this.#look();
    return () => {
      watchers.delete(onEnd);
      if (watchers.size === 0) this.#watches.delete(id);
    };
  };

  create: TokenPort['create'] = async (body, by) => {
    this.#assertUsable();
    const nowMs = this.#nowMs();
    const { text, record, undo } = this.#book.create(wishOf(body), nowMs);
    await this.#save().catch((error: unknown) => {
      undo();
      throw error;
    });
    this.#ports.record(actOfCreation(body, record, by));
    this.#look();
    return { token: text, ...tokenRow(record) };
  };

  list: TokenPort['list'] = async () => this.#book.all().map(tokenRow);

  revoke: TokenPort['revoke'] = async ({ name, id }, by) => {
    this.#assertUsable();
    const gone = this.#book.revoke(name, id ?? undefined);
    const closed = this.#look();
    await this.#save();
    this.#ports.record(actOfRevocation(gone, by, closed));
    return { ids: gone.map((record) => record.id), closed };
  };

  /** The last save. `areActsStored`: what waited is in the ledger now, and the file need not hold it any longer. */
  async close(areActsStored: boolean): Promise<void> {
    const { clock } = this.#ports;
    if (this.#lookTimer) clock.clearTimeout(this.#lookTimer);
    const isDirty = this.#saveTimer !== undefined || (areActsStored && this.#acts.length > 0);
    if (areActsStored) this.#acts = [];
    if (isDirty && !this.#problem) await this.#save().catch(() => undefined);
    await this.#writing;
  }

  #refuse(reason: string, address: string): CodiError {
    const retryMs = this.#failures.add(address, this.#nowMs());
    return retryMs > 0
      ? new CodiError('CODI_TOO_MANY_FAILURES', { retryMs })
      : new CodiError('CODI_TOKEN_INVALID', { reason });
  }

  #assertUsable(): void {
    if (this.#problem) throw this.#problem;
  }

  /** Ends what is not valid any more, gives how many connections that were, and looks again when the next expires. */
  #look(): number {
    const nowMs = this.#nowMs();
    let ended = 0;
    let nextMs = nowMs + LOOK_MS;
    for (const [id, watchers] of this.#watches) {
      const reason = this.#book.problemOf(id, nowMs);
      nextMs = Math.min(nextMs, this.#book.expiresMs(id) ?? nextMs);
      if (reason === undefined) continue;
      this.#watches.delete(id);
      ended += watchers.size;
      for (const onEnd of watchers) onEnd(new CodiError('CODI_TOKEN_INVALID', { reason }));
    }
    const { clock } = this.#ports;
    if (this.#lookTimer) clock.clearTimeout(this.#lookTimer);
    this.#lookTimer = undefined;
    if (this.#watches.size > 0)
      this.#lookTimer = clock.setTimeout(() => this.#look(), Math.max(1, nextMs - nowMs));
    return ended;
  }

  #saveSoon(): void {
    this.#saveTimer ??= this.#ports.clock.setTimeout(() => {
      this.#save().catch(() => undefined);
    }, SAVE_DELAY_MS);
  }

  /** One after the other; a change is answered when it is on disk. */
  #save(): Promise<void> {
    if (this.#saveTimer) this.#ports.clock.clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    const saved = this.#writing.then(() =>
      this.#ports.write({ tokens: this.#book.all(), acts: this.#acts }),
    );
    this.#writing = saved.catch(() => undefined);
    return saved.catch((error: unknown) => {
      this.#unsaved(error);
      throw unsavedError(error);
    });
  }

  /** Tried again until it is there: what was revoked in memory must not come back with the next daemon. */
  #unsaved(error: unknown): void {
    this.#ports.telemetry.emit('TokensUnsaved', { reason: (error as Error).message });
    this.#saveSoon();
  }

  #nowMs(): number {
    return this.#ports.clock.nowMs();
  }
}

function unsavedError(error: unknown): CodiError {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC') return new CodiError('CODI_DISK_FULL');
  return new CodiError('CODI_STORAGE_UNAVAILABLE', { reason: message });
}
