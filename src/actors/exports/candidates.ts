import type { BytePath } from '../../protocol/byte-path.ts';
import type { RecordSession } from '../../protocol/file-event.ts';
import type { ExportKind } from '../../protocol/export-names.ts';
import type { FileIdentity, FoundExport } from '../../workers/storage/exports.messages.ts';

export interface SettleRules {
  settleMs: number;
  transcriptSettleMs: number;
  /** After so long a file that does not settle is captured as it is. */
  settleMaxMs: number;
}

/** A file that is to be captured once it has settled. */
export interface Candidate {
  path: BytePath;
  root: BytePath;
  kind: ExportKind;
  /** Of the first event about it that nothing was done about; 0: it is from the index. */
  seq: number;
  /** As it was seen last. */
  identity: FileIdentity | null;
  /** Whose work its newest event was, as far as that is known. */
  session: RecordSession | null;
  /** When its newest event was recorded, wall clock. */
  seenAtMs: number;
  /** Since when it is waited for, and until when; monotonic. */
  sinceMs: number;
  dueMs: number;
  /** It is being captured. */
  isBusy: boolean;
  /** What was seen of it meanwhile. */
  newer: FoundExport | undefined;
  failures: number;
}

export interface Now {
  monotonicMs: number;
  wallMs: number;
}

/** The files that wait to be captured: one entry for each path, however many events there were. */
export class Candidates {
  readonly #rules: SettleRules;
  readonly #byPath = new Map<BytePath, Candidate>();

  constructor(rules: SettleRules) {
    this.#rules = rules;
  }

  get size(): number {
    return this.#byPath.size;
  }

  see(found: FoundExport, now: Now): void {
    if (found.from !== null) this.#leave(found.from);
    const known = this.#byPath.get(found.path);
    if (known?.isBusy) {
      // The first of them keeps its place in the events.
      known.newer = { ...found, seq: Math.min(found.seq, known.newer?.seq ?? found.seq) };
      return;
    }
    if (found.isDelete && !known) return;
    if (!known) {
      this.#byPath.set(found.path, this.#candidateOf(found, now));
      return;
    }
    known.seenAtMs = found.seenAtMs;
    known.session = found.session ?? known.session;
    if (found.isDelete) return;
    known.identity = found.identity;
    known.dueMs = this.#dueMs(known, now);
  }

  /** Files whose time has come, the longest waiting first; they are busy from now on. */
  take(count: number, nowMs: number): Candidate[] {
    const due = [...this.#byPath.values()].filter(({ isBusy, dueMs }) => !isBusy && dueMs <= nowMs);
    const taken = due.sort((one, other) => one.dueMs - other.dueMs).slice(0, count);
    for (const candidate of taken) candidate.isBusy = true;
    return taken;
  }

  /** When the next one is due; undefined: none waits. */
  nextDueMs(): number | undefined {
    let next: number | undefined;
    for (const { isBusy, dueMs } of this.#byPath.values())
      if (!isBusy && !(dueMs >= next!)) next = dueMs;
    return next;
  }

  isOverdue(candidate: Candidate, nowMs: number): boolean {
    return nowMs - candidate.sinceMs >= this.#rules.settleMaxMs;
  }

  /** It is done with, unless something was seen of it meanwhile. */
  finish(candidate: Candidate, now: Now): void {
    this.#byPath.delete(candidate.path);
    if (candidate.newer) this.see(candidate.newer, now);
  }

  /** It has not settled, or something failed: again after a while. */
  postpone(candidate: Candidate, delayMs: number, identity: FileIdentity | null, now: Now): void {
    candidate.isBusy = false;
    candidate.identity = identity;
    candidate.dueMs = now.monotonicMs + delayMs;
    const { newer } = candidate;
    candidate.newer = undefined;
    if (newer) this.see(newer, now);
  }

  /** The first event that something is left to do about; without `done`, which is as good as finished. */
  lowestSeq(done?: Candidate): number | undefined {
    let lowest: number | undefined;
    for (const candidate of this.#byPath.values()) {
      const seq = candidate === done ? candidate.newer?.seq : candidate.seq;
      if (seq !== undefined && !(seq >= lowest!)) lowest = seq;
    }
    return lowest;
  }

  /** It has another name now, under which it is looked for. */
  #leave(path: BytePath): void {
    const known = this.#byPath.get(path);
    if (known && !known.isBusy) this.#byPath.delete(path);
  }

  #candidateOf(found: FoundExport, now: Now): Candidate {
    const { path, root, kind, seq, identity, session, seenAtMs } = found;
    const sinceMs = now.monotonicMs;
    const candidate = { path, root, kind, seq, identity, session, seenAtMs, sinceMs, dueMs: 0 };
    const rest = { isBusy: false, newer: undefined, failures: 0 };
    return { ...candidate, ...rest, dueMs: this.#dueMs(candidate, now) };
  }

  /** A file that has been as it is for long has settled. */
  #dueMs(
    { kind, identity, sinceMs }: Pick<Candidate, 'kind' | 'identity' | 'sinceMs'>,
    { monotonicMs, wallMs }: Now,
  ): number {
    const { settleMs, transcriptSettleMs, settleMaxMs } = this.#rules;
    const quietMs = kind === 'transcript' ? transcriptSettleMs : settleMs;
    const ageMs = identity === null ? 0 : wallMs - Number(identity.mtimeNs / 1_000_000n);
    const waitMs = Math.min(quietMs, Math.max(0, quietMs - Math.max(0, ageMs)));
    return Math.min(monotonicMs + waitMs, Math.max(monotonicMs, sinceMs + settleMaxMs));
  }
}
