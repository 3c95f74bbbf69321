import type { LogEntryInput } from '../../client/log-entry.ts';
import type { MonitorClient } from '../../client/monitor-client.ts';
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import { producerIdOf } from './import-identity.ts';
import type { RecordOwner } from './import-identity.ts';

/** What the lanes need of the daemon. */
export interface LanePorts {
  /** A connection that speaks for this producer and nobody else does meanwhile. */
  connect(producerId: string, owner: RecordOwner): Promise<MonitorClient>;
  /** The daemon will never take this entry. */
  onRefused(line: number, error: CodiError): void;
}

/** Where a record stands, and its bytes. */
export interface RecordOrigin {
  readonly line: number;
  readonly size: number;
}

interface Lane {
  readonly producerId: string;
  client: MonitorClient | undefined;
  /** Sequences up to here are in the ledger or under way. */
  committed: number;
  /** Records of this owner that were read. */
  seen: number;
}

/** Connections at a time; one more closes the one that was idle longest. */
const OPEN_LIMIT = 16;
const OWNERS_LIMIT = 100_000;
/** How much is handed over between two looks at whether there is room, far below what a client queues. */
const UNCHECKED_LIMIT = 1024 * 1024;
const UNCHECKED_EACH = 1024;
/** Refusals that are about one entry alone: its number is used up, and the others go on. */
const ENTRY_ERRORS = new Set(['CODI_ENTRY_INVALID', 'CODI_MESSAGE_INVALID']);

/**
 * Writes the records of one log to the ledger, those of each tenant and user in a lane of their own. The sequence of
 * an entry is the place of its record among those of its owner, so that the daemon knows what it has already.
 */
export class LedgerLanes {
  readonly #ports: LanePorts;
  readonly #importId: string;
  /** Recently used ones last. */
  readonly #lanes = new Map<string, Lane>();
  #open = 0;
  #unchecked = 0;
  #failure: CodiError | undefined;
  #accepted = 0;

  constructor(importId: string, ports: LanePorts) {
    this.#importId = importId;
    this.#ports = ports;
  }

  /** Entries that this run brought to disk. */
  get accepted(): number {
    return this.#accepted;
  }

  /**
   * Counts the next record of its owner; false when the ledger has it already.
   *
   * @throws CodiError what keeps entries from being written
   */
  async isNext(owner: RecordOwner): Promise<boolean> {
    this.#check();
    const lane = this.#laneOf(owner);
    if (lane.seen >= lane.committed && !lane.client) await this.#connect(lane, owner);
    lane.seen += 1;
    return lane.seen > lane.committed;
  }

  /**
   * Writes the record that was counted last; resolves when there is room for more.
   *
   * @throws CodiError what keeps entries from being written
   */
  async write(owner: RecordOwner, entry: LogEntryInput, origin: RecordOrigin): Promise<void> {
    const lane = this.#laneOf(owner);
    lane.committed = lane.seen;
    this.#send(lane.client!, entry, lane.seen, origin.line);
    this.#unchecked += UNCHECKED_EACH + origin.size;
    if (this.#unchecked < UNCHECKED_LIMIT) return;
    this.#unchecked = 0;
    await lane.client!.room();
    this.#check();
  }

  /** Waits until all that was written so far is on disk. */
  async flush(): Promise<void> {
    const clients = [...this.#lanes.values()].flatMap(({ client }) => client ?? []);
    // Failures come by the answers of the entries.
    await Promise.all(clients.map((client) => client.flush().catch(() => undefined)));
    this.#check();
  }

  async close(): Promise<void> {
    const lanes = [...this.#lanes.values()];
    await Promise.all(lanes.map((lane) => this.#disconnect(lane)));
  }

  #send(client: MonitorClient, entry: LogEntryInput, sequence: number, line: number): void {
    client.log(entry).then(
      (accepted) => {
        this.#accepted += 1;
        if (accepted.sequence !== sequence) this.#fail(lostPlace());
      },
      (error: unknown) => {
        if (isCodiError(error) && ENTRY_ERRORS.has(error.code)) this.#ports.onRefused(line, error);
        else this.#fail(error);
      },
    );
  }

  #laneOf(owner: RecordOwner): Lane {
    const key = JSON.stringify([owner.tenantId, owner.userId]);
    let lane = this.#lanes.get(key);
    if (!lane && this.#lanes.size === OWNERS_LIMIT) {
      const reason = `there are more than ${OWNERS_LIMIT} tenants and users in it`;
      throw new CodiError('CODI_USAGE', { reason });
    }
    lane ??= {
      producerId: producerIdOf(this.#importId, owner),
      client: undefined,
      committed: 0,
      seen: 0,
    };
    this.#lanes.delete(key);
    this.#lanes.set(key, lane);
    return lane;
  }

  async #connect(lane: Lane, owner: RecordOwner): Promise<void> {
    if (this.#open >= OPEN_LIMIT) {
      const idle = [...this.#lanes.values()].find(({ client }) => client !== undefined);
      if (idle) await this.#disconnect(idle);
    }
    lane.client = await this.#ports.connect(lane.producerId, owner);
    this.#open += 1;
    lane.committed = Math.max(lane.committed, lane.client.welcome?.producer_sequence ?? 0);
  }

  async #disconnect(lane: Lane): Promise<void> {
    const { client } = lane;
    if (!client) return;
    lane.client = undefined;
    this.#open -= 1;
    await client.close();
  }

  #fail(error: unknown): void {
    this.#failure ??= isCodiError(error)
      ? error
      : new CodiError('CODI_INTERNAL', { reason: String(error) }, { cause: error });
  }

  #check(): void {
    if (this.#failure) throw this.#failure;
  }
}

/** Numbers went to other entries than they were meant for: somebody else writes as this producer. */
function lostPlace(): CodiError {
  const reason =
    'the ledger lost its place in this log: it was replaced, or another import of the log is running';
  return new CodiError('CODI_TRY_AGAIN', { reason });
}
