import type { MonitorClient } from '../client/monitor-client.ts';
import type { DebugClient } from '../client/debug-client.ts';
import type { CliIo } from './cli-io.ts';
import type { Endpoint } from './endpoint.ts';
import type { GlobalOptions } from './global-options.ts';
import type { Output } from './output.ts';
import { safeText } from './safe-text.ts';
import { createStyle, wantsColor } from './style.ts';
import type { Style } from './style.ts';

/** How a command may connect. */
export interface ConnectChoices {
  sessionId?: string;
  /** Attempts before CODI_UNREACHABLE. */
  attempts?: number;
  requestTimeoutMs?: number;
  /** How long entries may wait for somebody who takes them. */
  deadlineMs?: number;
  /** Without a daemon, what is sent goes to the spool. */
  isStandaloneWelcome?: boolean;
}

/** A person waits at the terminal. */
const STANDALONE_DEADLINE_MS = 5_000;

/** One run of one command: its surroundings, its global flags and the ways out. */
export class Invocation {
  readonly io: CliIo;
  readonly globals: GlobalOptions;
  readonly out: Output;
  readonly notes: Output;
  readonly style: Style;
  #endpoint: Promise<Endpoint> | undefined;

  constructor(io: CliIo, globals: GlobalOptions, streams: { out: Output; notes: Output }) {
    this.io = io;
    this.globals = globals;
    this.out = streams.out;
    this.notes = streams.notes;
    this.style = createStyle(wantsColor(io.stdout, io.env, globals.color));
  }

  /** Where the daemon's sockets and data are. */
  endpoint(): Promise<Endpoint> {
    this.#endpoint ??= import('./endpoint.ts').then(({ findEndpoint }) =>
      findEndpoint(this.io, this.globals),
    );
    return this.#endpoint;
  }

  /** The key of the store, for threads that read its files. Throws CODI_ENCRYPTION_KEY_UNUSABLE. */
  async storeKey(): Promise<Uint8Array | undefined> {
    const [{ encryptionKeyFile: file }, { KEY_VARIABLE, readEncryptionKey }] = await Promise.all([
      this.endpoint(),
      import('../config/encryption-key.ts'),
    ]);
    return readEncryptionKey({ file, text: this.io.env[KEY_VARIABLE], uid: this.io.uid });
  }

  /** A line on stderr for people; not with `--quiet`. */
  async note(text: string): Promise<void> {
    if (this.globals.quiet) return;
    await this.out.flush();
    await this.notes.line(text);
    await this.notes.flush();
  }

  /** Connects to the daemon; the caller closes. */
  async connect(choices: ConnectChoices = {}): Promise<MonitorClient> {
    const [{ socketPath, spoolDir, identity }, { MonitorClient: Client }] = await Promise.all([
      this.endpoint(),
      import('../client/monitor-client.ts'),
    ]);
    const { sessionId = identity.sessionId } = choices;
    return Client.connect({
      socketPath,
      spool: choices.isStandaloneWelcome === true && { directory: spoolDir },
      clientName: 'codi',
      ...(sessionId !== undefined && { sessionId }),
      ...(identity.tenantId !== undefined && { tenantId: identity.tenantId }),
      ...(identity.userId !== undefined && { userId: identity.userId }),
      ...(choices.requestTimeoutMs !== undefined && { requestTimeoutMs: choices.requestTimeoutMs }),
      ...(choices.deadlineMs !== undefined && { deadlineMs: choices.deadlineMs }),
      ...(choices.attempts !== undefined && { retry: { attempts: choices.attempts } }),
    });
  }

  /** Runs with a connected client and closes it on every way out. */
  async withClient<T>(
    use: (client: MonitorClient) => Promise<T>,
    choices: ConnectChoices = {},
  ): Promise<T> {
    return this.closing(await this.connect(choices), use);
  }

  /** Runs with a client and closes it on every way out. */
  async closing<T>(client: MonitorClient, use: (client: MonitorClient) => Promise<T>): Promise<T> {
    try {
      return await use(client);
    } finally {
      await client.close();
    }
  }

  /** The same for what can wait in the spool; one look for a daemon is enough then. */
  withClientOrSpool<T>(use: (client: MonitorClient) => Promise<T>): Promise<T> {
    const deadlineMs = STANDALONE_DEADLINE_MS;
    return this.withClient(use, { isStandaloneWelcome: true, attempts: 1, deadlineMs });
  }

  /** Says where something is that no daemon has yet; also with `--quiet`, which is not for trouble. */
  async noteSpooled(what: string): Promise<void> {
    const { spoolDir } = await this.endpoint();
    await this.out.flush();
    await this.notes.line(
      `no daemon can be reached: ${what} is in ${safeText(spoolDir)} and is recorded when one is back`,
    );
    await this.notes.flush();
  }

  /** Runs with a connection to the debug socket and closes it on every way out. */
  async withDebug<T>(use: (debug: DebugClient) => Promise<T>): Promise<T> {
    const [{ debugSocketPath }, { DebugClient: Client }] = await Promise.all([
      this.endpoint(),
      import('../client/debug-client.ts'),
    ]);
    const debug = await Client.connect({ socketPath: debugSocketPath });
    try {
      return await use(debug);
    } finally {
      debug.close();
    }
  }
}
