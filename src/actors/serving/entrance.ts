import { CodiError } from '../../protocol/errors.ts';
import type { RequestKind } from '../../protocol/kinds.ts';
import type { Scope as CellScope } from '../../supervisor/index.ts';
import { afterReading } from './after-reading.ts';
import { describePeer, missingScope, type Door, type Grant } from './door.ts';
import type { ClientSocket, ServingPorts } from './ports.ts';

/** A Hello is far smaller, and who has shown no token gets no room for more. */
const UNPROVEN_LIMIT_BYTES = 16 * 1024;
const LEDGER_KINDS = ['LogEntry', 'LogBatch'] as const;

export interface EntranceParts {
  scope: CellScope;
  ports: ServingPorts;
  door: Door;
  socket: ClientSocket;
  /** The connection has to end. */
  end(error: CodiError): void;
}

/** Who somebody is and what he may do: nothing at first, where a token is asked for. */
export class Entrance {
  readonly #parts: EntranceParts;
  #grant: Grant | undefined;
  #ledgerKinds: ReadonlySet<string>;
  #token: { id: string; name: string } | undefined;
  #stopWatching: (() => void) | undefined;
  #stopTimer: (() => void) | undefined;

  constructor(parts: EntranceParts) {
    const { door, scope, ports, end } = parts;
    this.#parts = parts;
    this.#grant = door.grant;
    this.#ledgerKinds = this.#allowedLedgerKinds();
    scope.defer('token', () => this.#stopWatching?.());
    if (door.grant) return;
    const timeoutMs = ports.limits.firstFrameTimeoutMs;
    this.#stopTimer = afterReading(scope, timeoutMs, () =>
      end(new CodiError('CODI_HELLO_TIMEOUT', { timeoutMs })),
    );
  }

  /** Messages that go to the ledger undecoded, as far as they may. */
  get ledgerKinds(): ReadonlySet<string> {
    return this.#ledgerKinds;
  }

  get who(): string {
    return describePeer(this.#parts.socket.peer, this.#token);
  }

  /** Why this message is not taken; undefined when it may be. */
  refusal(kind: RequestKind): CodiError | undefined {
    const { door } = this.#parts;
    if (kind === 'Hello' && !door.takesHello)
      return new CodiError('CODI_MESSAGE_UNEXPECTED', {
        kind,
        reason: 'this socket speaks the original protocol alone',
      });
    if (!this.#grant) return kind === 'Hello' ? undefined : new CodiError('CODI_TOKEN_REQUIRED');
    const scope = missingScope(this.#grant, kind);
    return scope === undefined ? undefined : new CodiError('CODI_SCOPE_MISSING', { kind, scope });
  }

  /** Whether bytes are held that nobody with a token has sent. */
  isTooMuch(heldBytes: number): boolean {
    return !this.#grant && heldBytes > UNPROVEN_LIMIT_BYTES;
  }

  /** Whether anything but Hello is looked at. */
  get isOpen(): boolean {
    return this.#grant !== undefined;
  }

  /** What Hello said: why that is not enough, or undefined. */
  show(text: string | null | undefined): CodiError | undefined {
    const { ports, socket, door } = this.#parts;
    if (text == null) {
      if (this.#grant) return undefined;
      return this.#refused(new CodiError('CODI_TOKEN_REQUIRED'));
    }
    const found = ports.tokens.check(text, socket.peer.address ?? door.name);
    if (!found.ok) return this.#refused(found.error);
    this.#stopTimer?.();
    this.#stopWatching?.();
    this.#token = found.token;
    this.#grant = { scopes: found.token.scopes, hasOriginal: false };
    this.#ledgerKinds = this.#allowedLedgerKinds();
    this.#stopWatching = ports.tokens.watch(
      found.token.id,
      this.#parts.scope.wrap((error: CodiError) => this.#parts.end(error)),
    );
    ports.lobby.prove(socket);
    return undefined;
  }

  #refused(error: CodiError): CodiError {
    const { ports, socket } = this.#parts;
    ports.telemetry.emit('TokenRefused', { code: error.code, from: socket.peer.address ?? 'unix' });
    return error;
  }

  #allowedLedgerKinds(): ReadonlySet<string> {
    const grant = this.#grant;
    return new Set(grant ? LEDGER_KINDS.filter((kind) => !missingScope(grant, kind)) : []);
  }
}
