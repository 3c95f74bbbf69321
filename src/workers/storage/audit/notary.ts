import { CodiError } from '../../../protocol/errors.ts';
import { openCheckpoint, signCheckpoint } from '../../../protocol/audit/signed-note.ts';
import type { StoreKind } from '../open-database.ts';
import { StoreGate } from '../store-gate.ts';
import { COMMIT_SLOTS } from '../worker-data.ts';
import { AuditFiles, type Alarm } from './audit-files.ts';
import { keysFor, loadAuditKey, publicLines, publishKey, type AuditKey } from './audit-key.ts';
import { ChainWatch } from './chain-watch.ts';
import type {
  DatabaseHead,
  FromNotary,
  NotaryCommand,
  NotaryHead,
  NotaryOptions,
  ProofParts,
  ProveCommand,
} from '../notary.messages.ts';
import { readBreaks } from './known-breaks.ts';
import { blockOf, proveEntry } from './prove-entry.ts';

const DATABASES: readonly StoreKind[] = ['ledger', 'state'];
const DEFAULT_INTERVAL_MS = 1_000;
const DEFAULT_BLOCKS = 1_000;
const DEFAULT_HISTORY_INTERVAL_MS = 3_600_000;
const DEFAULT_HISTORY_COUNT = 720;

export interface NotaryPorts {
  post(message: FromNotary): void;
  nowMs(): number;
}

/** Signs what both databases hold, and says so when they no longer hold what was signed. */
export class Notary {
  readonly #options: NotaryOptions;
  readonly #ports: NotaryPorts;
  readonly #counters: Int32Array;
  readonly #files: AuditFiles;
  readonly #chains = new Map<StoreKind, ChainWatch>();

  /** Throws KeyUnusable, or what the file system says. */
  constructor(options: NotaryOptions, counters: Int32Array, ports: NotaryPorts) {
    this.#options = options;
    this.#ports = ports;
    this.#counters = counters;
    this.#files = new AuditFiles(options.dataDir);
    const origins = DATABASES.map((kind) => ({ kind, origin: this.#origin(kind) }));
    const key = loadAuditKey(options.dataDir, options.keyFile, origins);
    for (const alarm of this.#files.alarms()) ports.post({ type: 'alarm', alarm, isNew: false });
    for (const text of key.notices) ports.post({ type: 'notice', text });
    if (key.replaced !== null) this.#takeOver(key, key.replaced);
    publishKey(
      this.#files,
      key.key,
      origins.map(({ origin }) => origin),
    );
    for (const kind of DATABASES) this.#chains.set(kind, this.#watch(kind, key));
  }

  /** Everything committed is signed, and nobody wants a database closed. */
  get isSettled(): boolean {
    return [...this.#chains.values()].every((chain) => chain.isSettled);
  }

  /** One bounded piece of work for each database; true when there is more. */
  step(): boolean {
    let isBusy = false;
    for (const chain of this.#chains.values()) isBusy = chain.step() || isBusy;
    return isBusy;
  }

  /** Signs what is there, once more, and lets go of the databases. */
  stop(untilMs: number): void {
    for (const chain of this.#chains.values()) {
      while (chain.step() && this.#ports.nowMs() < untilMs);
      chain.sign();
    }
    this.close();
  }

  close(): void {
    for (const chain of this.#chains.values()) chain.close();
  }

  /** Throws CodiError. */
  run(command: NotaryCommand): NotaryHead | ProofParts {
    return command.type === 'head' ? this.#head() : this.#prove(command);
  }

  /** A block that is not signed yet is signed for it. */
  #prove(command: ProveCommand): ProofParts {
    const kind = command.database;
    const chain = this.#chains.get(kind)!;
    const { database } = chain;
    if (!database || !chain.tree)
      throw new CodiError('CODI_TRY_AGAIN', {
        reason: `the blocks of ${kind}.db are not read yet, or cannot be`,
      });
    const { dataDir } = this.#options;
    const block = database.transaction(() => blockOf(database, dataDir, command)).deferred();
    if (block >= chain.signedSize) chain.sign();
    const { tree, signedSize: size } = chain;
    const checkpoint = this.#files.readCheckpoint(kind);
    if (!tree || checkpoint === undefined)
      throw new CodiError('CODI_TRY_AGAIN', { reason: 'nothing is signed yet' });
    const signed = { database, dataDir, tree, checkpoint, size };
    // Entries and segments of one moment: retention may be moving the block.
    return database.transaction(() => proveEntry(signed, command)).deferred();
  }

  #head(): NotaryHead {
    const databases = DATABASES.map((kind): DatabaseHead => {
      const chain = this.#chains.get(kind)!;
      return {
        database: kind,
        checkpoint: this.#files.readCheckpoint(kind) ?? null,
        size: chain.signedSize,
        signedAtMs: this.#files.signedAtMs(kind) ?? null,
        blocks: chain.tree?.stored() ?? null,
      };
    });
    return {
      databases,
      keys: publicLines(this.#files),
      alarms: this.#files.alarms(),
      breaks: readBreaks(this.#files).breaks,
    };
  }

  #watch(kind: StoreKind, key: AuditKey): ChainWatch {
    const { dataDir } = this.#options;
    return new ChainWatch({
      kind,
      dataDir,
      files: this.#files,
      key: key.key,
      known: key.known,
      origin: this.#origin(kind),
      limits: {
        intervalMs: this.#options.intervalMs ?? DEFAULT_INTERVAL_MS,
        blocks: this.#options.blocks ?? DEFAULT_BLOCKS,
        historyIntervalMs: this.#options.historyIntervalMs ?? DEFAULT_HISTORY_INTERVAL_MS,
        historyCount: this.#options.historyCount ?? DEFAULT_HISTORY_COUNT,
      },
      gate: new StoreGate(this.#options.gate),
      commits: () => Atomics.load(this.#counters, COMMIT_SLOTS[kind]),
      nowMs: this.#ports.nowMs,
      onSigned: (size, origin) => {
        publishKey(this.#files, key.key, [origin]);
        this.#ports.post({ type: 'signed', database: kind, size, atMs: this.#ports.nowMs() });
      },
      onAlarm: (reason, evidence) => this.#raise({ about: kind, reason, evidence }),
      onDamage: (reason) => this.#ports.post({ type: 'damage', damage: { store: kind, reason } }),
    });
  }

  /** What the former key signed is signed again by the new one, so that it stays the mark to reach. */
  #takeOver({ key, known }: AuditKey, evidence: string): void {
    const reason = 'the key is not the one that key.pub was made for';
    this.#raise({ about: 'key', reason, evidence });
    for (const kind of DATABASES) {
      const note = this.#files.readCheckpoint(kind);
      const opened = note === undefined ? undefined : openCheckpoint(note, keysFor(note, known));
      if (opened?.ok) this.#files.writeCheckpoint(kind, signCheckpoint(opened.checkpoint, key));
    }
  }

  #raise(found: Omit<Alarm, 'detectedAt'>): void {
    const nowMs = this.#ports.nowMs();
    const alarm = { ...found, detectedAt: new Date(nowMs).toISOString() };
    const isKnown = this.#files
      .alarms()
      .some(({ about, reason }) => about === alarm.about && reason === alarm.reason);
    if (isKnown) return;
    this.#files.raise(alarm, nowMs);
    this.#ports.post({ type: 'alarm', alarm, isNew: true });
  }

  #origin(kind: StoreKind): string {
    return `${this.#options.origin}/${kind}`;
  }
}
