import { CodiError } from '../../protocol/errors.ts';
import type { Scope } from '../../supervisor/index.ts';
import { afterReading } from './after-reading.ts';
import type { ClientSocket, ServingPorts } from './ports.ts';
import { RateLimit } from './rate-limit.ts';

/** How long a client that sent too much waits at most until some more of it is read. */
const CROWDED_LOOK_MS = 1_000;

/**
 * What comes from one client. Who sends too much, or more than there is memory for, is not read for a while: nothing
 * is lost. Who leaves a frame half sent is given up.
 */
export class Inflow {
  readonly #connection: number;
  readonly #scope: Scope;
  readonly #socket: ClientSocket;
  readonly #ports: ServingPorts;
  readonly #onTimeout: (error: CodiError) => void;
  readonly #messages: RateLimit | undefined;
  readonly #bytes: RateLimit | undefined;
  /** Reasons not to read any further at the moment. */
  #holds = 0;
  #isHeldByIngest = false;
  #isHeldByOwn = false;
  #hasFrame = false;
  #heldBytes = 0;
  #stopTimer: (() => void) | undefined;

  constructor(
    connection: number,
    scope: Scope,
    socket: ClientSocket,
    ports: ServingPorts,
    onTimeout: (error: CodiError) => void,
  ) {
    this.#connection = connection;
    this.#scope = scope;
    this.#socket = socket;
    this.#ports = ports;
    this.#onTimeout = onTimeout;
    const { messagesPerSecond, bytesPerSecond } = ports.limits;
    const nowMs = ports.monotonicMs();
    if (messagesPerSecond > 0) this.#messages = new RateLimit(messagesPerSecond, nowMs);
    if (bytesPerSecond > 0) this.#bytes = new RateLimit(bytesPerSecond, nowMs);
  }

  /** After each read: how many frames became complete, of how many bytes, and how much of the next is there. */
  took(frames: number, bytes: number, heldBytes: number): void {
    this.#heldBytes = heldBytes;
    this.#watchFrame(frames > 0);
    if (this.#messages || this.#bytes) this.#slowDown(frames, bytes);
    this.#waitForIngest();
  }

  #slowDown(messages: number, bytes: number): void {
    const nowMs = this.#ports.monotonicMs();
    const messagesMs = this.#messages?.take(messages, nowMs) ?? 0;
    const bytesMs = this.#bytes?.take(bytes, nowMs) ?? 0;
    const waitMs = Math.max(messagesMs, bytesMs);
    if (waitMs === 0) return;
    const limit = messagesMs >= bytesMs ? 'messages' : 'bytes';
    this.#ports.telemetry.emit('ConnectionThrottled', { limit, waitMs });
    this.#hold((release) => this.#scope.after(waitMs, release));
  }

  #waitForIngest(): void {
    const { ingest } = this.#ports;
    if (ingest.isPressing && !this.#isHeldByIngest) {
      this.#isHeldByIngest = true;
      this.#hold((release) =>
        ingest.whenDrained(() => {
          this.#isHeldByIngest = false;
          release();
        }),
      );
    }
    if (this.#isHeldByOwn || !ingest.isCrowdedBy(this.#connection)) return;
    this.#isHeldByOwn = true;
    this.#hold((release) => {
      let isOver = false;
      const end = () => {
        if (isOver) return;
        isOver = true;
        this.#isHeldByOwn = false;
        stopLooking();
        release();
      };
      // While nothing is taken for long, what comes is to be refused, and for that it has to be read.
      const stopLooking = this.#scope.after(CROWDED_LOOK_MS, end);
      ingest.whenTakenFrom(this.#connection, end);
    });
  }

  /** Half a frame holds memory, so its other half may not take for ever. */
  #watchFrame(isComplete: boolean): void {
    if (isComplete) this.#hasFrame = true;
    if (isComplete || this.#heldBytes === 0) this.#stopWatching();
    if (this.#heldBytes === 0 || this.#stopTimer) return;
    const { firstFrameTimeoutMs, frameTimeoutMs } = this.#ports.limits;
    const timeoutMs = this.#hasFrame ? frameTimeoutMs : firstFrameTimeoutMs;
    this.#stopTimer = afterReading(this.#scope, timeoutMs, () =>
      this.#onTimeout(new CodiError('CODI_HANDSHAKE_TIMEOUT', { timeoutMs })),
    );
  }

  #stopWatching(): void {
    this.#stopTimer?.();
    this.#stopTimer = undefined;
  }

  /** Stops reading until released: the kernel's socket buffer, and so the client, waits. */
  #hold(whenOver: (release: () => void) => void): void {
    this.#holds += 1;
    this.#socket.pause();
    this.#stopWatching();
    const release = this.#scope.wrap(() => {
      this.#holds -= 1;
      if (this.#holds > 0) return;
      this.#socket.resume();
      this.#watchFrame(false);
    });
    whenOver(release);
  }
}
