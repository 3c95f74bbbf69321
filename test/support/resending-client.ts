import { randomUUID } from 'node:crypto';
import { connect } from 'node:net';

interface Sent {
  id: string;
  line: string;
  /** Messages of the log entries in it. */
  entries: string[];
  isAccepted: boolean;
}

interface Answer {
  payload: {
    Acknowledgment?: {
      request_id: string;
      status: string | { Rejected: string };
      code?: string;
      retry_after_ms?: number;
    };
    Welcome?: object;
    Error?: { code: string; message: string };
  };
}

/** How long a client that was told to come back waits. */
const RETRY_MS = 100;

/**
 * A client that keeps every message it sent, with its id, and which of them were acknowledged: the smallest thing
 * that can say afterwards what the daemon had promised. It speaks JSON lines, so it shares no code with the client
 * library.
 */
export class ResendingClient {
  readonly messages: Sent[] = [];
  /** Answers that were neither acceptance nor "try again": none may ever come. */
  readonly refusals: string[] = [];
  /** Codes of the answers that said "try again". */
  readonly postponed = new Set<string>();
  readonly #hello: object | undefined;
  readonly #window: number;

  /** At most `window` messages wait for an answer at a time. */
  constructor(window: number, hello?: object) {
    this.#window = window;
    this.#hello = hello;
  }

  add(payload: object, entries: string[] = []): string {
    const id = randomUUID();
    const line = `${JSON.stringify({ id, timestamp: new Date().toISOString(), payload })}\n`;
    this.messages.push({ id, line, entries, isAccepted: false });
    return id;
  }

  get isDone(): boolean {
    return this.messages.every(({ isAccepted }) => isAccepted);
  }

  isAccepted(id: string): boolean {
    return this.messages.some((message) => message.id === id && message.isAccepted);
  }

  get acceptedEntries(): string[] {
    return this.messages.flatMap(({ entries, isAccepted }) => (isAccepted ? entries : []));
  }

  get allEntries(): string[] {
    return this.messages.flatMap(({ entries }) => entries);
  }

  /** Sends what has no answer, in order, once over one connection. Resolves when that ended or all is answered. */
  sendUnanswered(socketPath: string): Promise<void> {
    return this.#send(
      socketPath,
      this.messages.filter(({ isAccepted }) => !isAccepted),
    );
  }

  /** Sends everything again, as a client would that saw none of the answers. */
  async sendAllAgain(socketPath: string): Promise<boolean> {
    const accepted = new Set<string>();
    await this.#send(socketPath, this.messages, (id) => accepted.add(id));
    return accepted.size === this.messages.length;
  }

  #send(
    socketPath: string,
    messages: readonly Sent[],
    onAccepted: (id: string) => void = () => undefined,
  ): Promise<void> {
    const waiting = new Set<string>();
    let next = 0;
    return new Promise((resolve) => {
      const socket = connect(socketPath);
      let rest = '';
      const fill = () => {
        while (next < messages.length && waiting.size < this.#window) {
          const { id, line } = messages[next++]!;
          waiting.add(id);
          socket.write(line);
        }
        if (next === messages.length && waiting.size === 0) socket.end();
      };
      const take = (answer: Answer) => {
        const { Acknowledgment: ack, Error: error } = answer.payload;
        if (error) this.postponed.add(error.code);
        // Whatever is behind a postponed message has to wait for it, so the connection is given up.
        if (error || (ack && this.#judge(ack) === 'postponed')) return void socket.destroy();
        if (ack?.status === 'Accepted') onAccepted(ack.request_id);
        if (ack) waiting.delete(ack.request_id);
        fill();
      };
      socket.setEncoding('utf8').on('data', (text: string) => {
        rest += text;
        for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
          const line = rest.slice(0, end);
          rest = rest.slice(end + 1);
          if (!socket.destroyed) take(JSON.parse(line) as Answer);
        }
      });
      socket.on('error', () => undefined);
      socket.on('close', () => resolve());
      socket.on('connect', () => {
        if (this.#hello) socket.write(`${JSON.stringify({ Hello: this.#hello })}\n`);
        fill();
      });
    });
  }

  #judge(ack: NonNullable<Answer['payload']['Acknowledgment']>): 'final' | 'postponed' {
    if (ack.status === 'Accepted') {
      const message = this.messages.find(({ id }) => id === ack.request_id);
      if (message) message.isAccepted = true;
      return 'final';
    }
    const code = ack.code ?? 'no code';
    if (ack.retry_after_ms !== undefined || code === 'CODI_SEQUENCE_GAP') {
      this.postponed.add(code);
      return 'postponed';
    }
    this.refusals.push(`${code}: ${JSON.stringify(ack.status)}`);
    return 'final';
  }
}

/** Sends until everything of these clients is acknowledged, or `shouldGoOn` says no. */
export async function sendUntilAccepted(
  clients: readonly ResendingClient[],
  socketPath: string,
  shouldGoOn: () => boolean,
): Promise<void> {
  await Promise.all(
    clients.map(async (client) => {
      for (;;) {
        await client.sendUnanswered(socketPath);
        if (client.isDone || client.refusals.length > 0 || !shouldGoOn()) return;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }),
  );
}
