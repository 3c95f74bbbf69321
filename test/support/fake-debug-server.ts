import { createServer } from 'node:net';
import type { Server, Socket } from 'node:net';

type Answer =
  | { result: unknown; /** Written in one piece with the answer. */ lines?: object[] }
  | { error: object }
  | 'hang up'
  | 'silence';

/** A debug socket that answers from a script: one line of JSON per request. */
export class FakeDebugServer {
  readonly requests: Record<string, unknown>[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(answer: (request: Record<string, unknown>) => Answer) {
    this.#server = createServer((socket) => {
      this.#sockets.add(socket);
      let held = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        held += chunk.toString('utf8');
        const lines = held.split('\n');
        held = lines.pop() ?? '';
        for (const line of lines) this.#reply(JSON.parse(line), socket, answer);
      });
    });
  }

  static async start(
    socketPath: string,
    answer: (request: Record<string, unknown>) => Answer,
  ): Promise<FakeDebugServer> {
    const fake = new FakeDebugServer(answer);
    await new Promise<void>((resolve) => fake.#server.listen(socketPath, resolve));
    return fake;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #reply(
    request: Record<string, unknown>,
    socket: Socket,
    answer: (request: Record<string, unknown>) => Answer,
  ): void {
    this.requests.push(request);
    const reply = answer(request);
    if (reply === 'hang up') return void socket.destroy();
    if (reply === 'silence') return;
    const ok = 'result' in reply;
    const { lines = [], ...answered } = 'result' in reply ? reply : { ...reply, lines: [] };
    const all = [{ id: request['id'], ok, ...answered }, ...lines];
    socket.write(all.map((line) => `${JSON.stringify(line)}\n`).join(''));
  }

  /** To every client, as what happens by itself. */
  push(...lines: object[]): void {
    const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    for (const socket of this.#sockets) socket.write(text);
  }
}

/** A node of the tree with everything that the debug socket says about it. */
export function treeNode(path: string, extra: object = {}) {
  return {
    path,
    state: 'running',
    restarts: 0,
    uptime_ms: 1000,
    epoch: 1,
    isolation: 'inline',
    restart: 'permanent',
    children: [],
    ...extra,
  };
}
