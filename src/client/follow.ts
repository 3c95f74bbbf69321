import type { CodiError } from '../protocol/errors.ts';
import type { BodyOf, EventRow, LogRow, Payload } from '../protocol/messages.ts';
import { errorFromAcknowledgment, errorFromAnswer } from './answer-errors.ts';
import { connectionLost } from './connection.ts';
import type { Link } from './link.ts';
import { loadAnswerCodec } from './wire.ts';

/** What to follow; `from` continues behind rows that are known already. */
export type FollowRequest = BodyOf<'Follow'>;

/** Rows as they were committed, in order; one of the two kinds at a time. */
export type FollowedRows =
  { stream: 'logs'; rows: LogRow[] } | { stream: 'events'; rows: EventRow[] };

/** A running subscription. It does not outlive its connection: continue with `from`. */
export interface Subscription {
  /** Ends it; `ended` then resolves without an error. */
  stop(): void;
  /** Resolves when no more rows will come, with the reason when that was not `stop()`. Never rejects. */
  readonly ended: Promise<CodiError | undefined>;
}

interface OpenFollow {
  onRows(rows: FollowedRows): void;
  end(error: CodiError | undefined): void;
}

/** The subscriptions of one connection, by the id of their Follow. */
export class FollowTable {
  readonly #open = new Map<string, OpenFollow>();

  add(id: string, onRows: (rows: FollowedRows) => void): Promise<CodiError | undefined> {
    return new Promise((resolve) => {
      this.#open.set(id, { onRows, end: resolve });
    });
  }

  /** Takes rows, a confirmation or a refusal; false when the answer belongs to something else. */
  handle(id: string, payload: Payload): boolean {
    const follow = this.#open.get(id);
    if (!follow) return false;
    if (payload.kind === 'LogResults') {
      follow.onRows({ stream: 'logs', rows: payload.body.entries });
    } else if (payload.kind === 'EventResults') {
      follow.onRows({ stream: 'events', rows: payload.body.events });
    } else if (payload.kind === 'Error') {
      this.end(id, errorFromAnswer(payload.body));
    } else if (payload.kind === 'Acknowledgment' && typeof payload.body.status === 'object') {
      this.end(id, errorFromAcknowledgment(payload.body.code, payload.body.status.Rejected));
    }
    return true;
  }

  end(id: string, error: CodiError | undefined): boolean {
    const follow = this.#open.get(id);
    this.#open.delete(id);
    follow?.end(error);
    return follow !== undefined;
  }

  endAll(error: CodiError | undefined): void {
    for (const id of [...this.#open.keys()]) this.end(id, error);
  }
}

/** Follows on the link's present connection. */
export function startFollow(
  table: FollowTable,
  link: Link,
  newId: () => string,
  body: FollowRequest,
  onRows: (rows: FollowedRows) => void,
): Subscription {
  const id = newId();
  const ended = table.add(id, onRows);
  const start = async () => {
    await loadAnswerCodec();
    if (link.connection) link.connection.request(id, 'Follow', body);
    else table.end(id, link.lastError ?? connectionLost('not connected'));
  };
  void start();
  const stop = () => {
    if (!table.end(id, undefined)) return;
    link.connection?.request(newId(), 'Unfollow', { request_id: id });
  };
  return { stop, ended };
}
