import { basename } from 'node:path';
import type { EntryPlace } from '../../client/entry-waiter.ts';
import type { MonitorClient } from '../../client/monitor-client.ts';
import { processIdentity } from '../../client/process-identity.ts';
import { isCodiError } from '../../protocol/errors.ts';
import type { JsonValue } from '../../protocol/json-value.ts';
import { plural } from '../amounts.ts';
import type { Invocation } from '../invocation.ts';
import { safeText } from '../safe-text.ts';
import type { ChildEnd } from './child-process.ts';

/** How long the program waits for its session to be written, and its end for the same. */
const PATIENCE_MS = 3_000;
const ARGUMENTS_MAX = 64;
const ARGUMENT_UNITS_MAX = 1_024;
/** Nothing that is wrong with recording keeps a program from running, but these are the caller's own mistakes. */
const REFUSALS = new Set(['CODI_SESSION_EXISTS', 'CODI_SESSION_ENDED', 'CODI_MESSAGE_INVALID']);

export interface RunIdentity {
  sessionId: string;
  identity: string;
  agentType: string | undefined;
  metadata: Record<string, unknown>;
}

/** The session around a program: told to the daemon, or to the spool, or to nobody when neither can be had. */
export class RunSession {
  readonly #invocation: Invocation;
  readonly #identity: RunIdentity;
  #client: MonitorClient | undefined;
  #lost = 0;

  constructor(invocation: Invocation, identity: RunIdentity) {
    this.#invocation = invocation;
    this.#identity = identity;
  }

  /** Throws CODI_SESSION_EXISTS and CODI_SESSION_ENDED; everything else is only said. */
  async start(command: readonly string[]): Promise<void> {
    const { io } = this.#invocation;
    const { sessionId, identity, agentType, metadata } = this.#identity;
    await this.#attempt('the start of the session', async () => {
      this.#client = await this.#invocation.connect({
        sessionId,
        isStandaloneWelcome: true,
        attempts: 1,
        deadlineMs: PATIENCE_MS,
        requestTimeoutMs: PATIENCE_MS,
      });
      return this.#client.send('SessionStart', {
        session_id: sessionId,
        identity,
        agent_type: agentType ?? null,
        metadata: { cwd: io.cwd, command: shortCommand(command), ...metadata } as JsonValue,
        process: processIdentity(io.pid),
      });
    });
  }

  /** The session ends with the program from now on, also when nobody waits for it any more. */
  runsAs(pid: number): void {
    if (this.#client?.mode !== 'connected') return;
    const body = { session_id: this.#identity.sessionId, process: processIdentity(pid) };
    // One that is already over says so itself.
    this.#client.request('SessionHeartbeat', body).catch(() => undefined);
  }

  /** A line of the program's output as an entry; too many at once are dropped, counted and said at the end. */
  logLine(program: string, stream: 'stdout' | 'stderr', line: string): void {
    const component = basename(program).slice(0, 80) || 'program';
    const entry = { level: 'Info', component, message: line, metadata: { stream } } as const;
    this.#client?.log(entry).catch(() => (this.#lost += 1));
  }

  async end({ code, signal }: ChildEnd): Promise<void> {
    const client = this.#client;
    if (!client) return;
    await this.#attempt('the end of the session', async () => {
      await client.flush().catch(() => undefined);
      return client.send('SessionEnd', {
        session_id: this.#identity.sessionId,
        ended_by: 'run',
        ...(signal === null ? { exit_code: code ?? 1 } : { exit_signal: signal }),
      });
    });
    await this.close();
    if (this.#lost > 0)
      await this.#invocation.note(`${plural(this.#lost, 'line')} of output could not be logged`);
  }

  async close(): Promise<void> {
    await this.#client?.close().catch(() => undefined);
  }

  async #attempt(what: string, act: () => Promise<EntryPlace>): Promise<void> {
    try {
      if ((await act()) === 'spool') await this.#invocation.noteSpooled(what);
    } catch (error) {
      if (!isCodiError(error)) throw error;
      if (REFUSALS.has(error.code) && what.includes('start')) {
        await this.close();
        throw error;
      }
      await this.#invocation.note(`${what} is not recorded: ${safeText(error.message)}`);
    }
  }
}

/** As it was typed, but bounded: a command line can be megabytes. */
function shortCommand(command: readonly string[]): string[] {
  const shown = command
    .slice(0, ARGUMENTS_MAX)
    .map((word) =>
      word.length > ARGUMENT_UNITS_MAX ? `${word.slice(0, ARGUMENT_UNITS_MAX)}…` : word,
    );
  const more = command.length - shown.length;
  return more > 0 ? [...shown, `… and ${more} more`] : shown;
}
