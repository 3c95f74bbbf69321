/**
 * Serves a few pages to machines over HTTP, on the main thread: while that is busy without a pause nothing is
 * live, and nothing says it is. Reads no body, keeps nothing, and is not needed by anybody inside.
 */
import { CodiError, isCodiError } from '../../protocol/errors.ts';
import { behaviour } from '../../supervisor/statechart.ts';
import type { ActorSpec, CellContext } from '../../supervisor/index.ts';
import { SERVICE_RESTARTS } from '../../supervisor/service-restarts.ts';
import type { HttpRoute } from '../../telemetry/labels.ts';
import type { Telemetry } from '../../telemetry/telemetry.ts';
import { notFoundReply, problemReply, refusalOf } from './http-admission.ts';
import type { HttpDoor } from './http-door.ts';
import { httpMachine } from './http.machine.ts';
import { errorReply } from './http-ports.ts';
import type {
  HttpHandlers,
  HttpListener,
  HttpPage,
  HttpProblem,
  HttpReply,
  HttpRequest,
} from './http-ports.ts';

export interface HttpPorts {
  /** @throws CodiError CODI_HTTP_UNAVAILABLE when the address cannot be had. */
  listen(port: number, handlers: HttpHandlers): Promise<HttpListener>;
  door: HttpDoor;
  port: number | undefined;
  allowedHosts: readonly string[];
  pages: ReadonlyMap<HttpRoute, HttpPage>;
  telemetry: Telemetry;
}

const RETRY_MS = 10_000;

export function httpSpec(ports: HttpPorts): ActorSpec<never> {
  return {
    type: 'worker',
    id: 'http',
    ...SERVICE_RESTARTS,
    start: (cell) => new Http(cell, ports).behaviour(),
  };
}

class Http {
  readonly #cell: CellContext<never>;
  readonly #ports: HttpPorts;
  readonly #allowedHosts: ReadonlySet<string>;
  readonly #crash: (error: unknown) => void;
  #listener: HttpListener | undefined;
  #binding: Promise<void> | undefined;

  constructor(cell: CellContext<never>, ports: HttpPorts) {
    this.#cell = cell;
    this.#ports = ports;
    this.#allowedHosts = new Set(ports.allowedHosts.map((host) => host.toLowerCase()));
    this.#crash = cell.scope.wrap((error: unknown) => cell.crash(error));
    // The next incarnation wants the same port, so this one must be done with it.
    cell.scope.defer('listener', () => this.#binding?.then(() => this.#close()));
  }

  behaviour() {
    const cell = this.#cell;
    const bound = cell.scope.wrap((type: 'bound' | 'refused') => cell.raise({ type }));
    const closed = cell.scope.wrap(() => cell.raise({ type: 'closed' }));
    return behaviour({
      machine: httpMachine,
      effects: {
        'effect.bind': () => {
          this.#binding = this.#bind().then(bound, this.#crash);
        },
        'effect.retryLater': () => {
          cell.scope.after(RETRY_MS, () => cell.raise({ type: 'retryDue' }));
        },
        'effect.close': () => {
          void this.#close().then(closed, this.#crash);
        },
      },
      status: () => {
        const note = this.#ports.door.url;
        return note === undefined ? {} : { note };
      },
    });
  }

  async #bind(): Promise<'bound' | 'refused'> {
    const { door, port, telemetry } = this.#ports;
    // An incarnation that ended meanwhile has nothing to say about the door.
    const opened = this.#cell.scope.wrap((listener: HttpListener) => {
      door.opened(listener.url, listener.port);
      telemetry.emit('HttpListening', { url: listener.url });
    });
    let refusal: CodiError | undefined;
    for (const candidate of door.portsToTry(port)) {
      try {
        this.#listener = await this.#ports.listen(candidate, this.#handlers());
        opened(this.#listener);
        return 'bound';
      } catch (error) {
        if (!isCodiError(error) || error.code !== 'CODI_HTTP_UNAVAILABLE') throw error;
        refusal = error;
      }
    }
    const problem = `${refusal!.message}; ${refusal!.hint}`;
    // Said once, not every ten seconds; `codi status` goes on saying it.
    if (problem !== door.problem) telemetry.emit('HttpUnavailable', { problem });
    door.refused(problem);
    return 'refused';
  }

  async #close(): Promise<void> {
    const listener = this.#listener;
    if (listener === undefined) return;
    this.#listener = undefined;
    this.#ports.door.closed(listener.url);
    await listener.close();
  }

  #handlers(): HttpHandlers {
    const { scope } = this.#cell;
    return {
      answer: scope.wrap((request: HttpRequest) => this.#answer(request)),
      refuse: scope.wrap((problem: HttpProblem) => this.#told('none', problemReply(problem), 0)),
      onCut: scope.wrap(() => this.#ports.telemetry.emit('HttpConnectionCut', {})),
      onError: this.#crash,
    };
  }

  async #answer(request: HttpRequest): Promise<HttpReply> {
    const startMs = this.#cell.clock.monotonicMs();
    const { pages } = this.#ports;
    const route = request.path as HttpRoute;
    const page = pages.get(route);
    const refusal = refusalOf(request, this.#allowedHosts);
    const tookMs = () => this.#cell.clock.monotonicMs() - startMs;
    if (refusal) return this.#told('none', refusal, tookMs());
    if (!page) return this.#told('none', notFoundReply(pages.keys()), tookMs());
    const reply = await this.#make(route, page);
    return this.#told(route, reply, tookMs());
  }

  /** A page that fails must not take the others with it: liveness least of all. */
  async #make(route: HttpRoute, page: HttpPage): Promise<HttpReply> {
    try {
      return await page();
    } catch (error) {
      const shown = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#ports.telemetry.emit('HttpPageFailed', { route, error: shown });
      return errorReply('500', new CodiError('CODI_INTERNAL', { reason: 'a page failed' }));
    }
  }

  #told(route: HttpRoute, reply: HttpReply, durationMs: number): HttpReply {
    const { status } = reply;
    this.#ports.telemetry.emit('HttpAnswered', { route, status, durationMs });
    return reply;
  }
}
