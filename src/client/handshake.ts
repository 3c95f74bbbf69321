import { CodiError } from '../protocol/errors.ts';
import type { BodyOf, Message } from '../protocol/messages.ts';
import { errorFromAcknowledgment, errorFromAnswer } from './answer-errors.ts';
import { connectionLost, openConnection } from './connection.ts';
import type { Connection, ConnectionListener } from './connection.ts';
import type { LinkOptions } from './link.ts';

/** A connection on which both sides said hello. */
export interface Greeted {
  connection: Connection;
  welcome: BodyOf<'Welcome'>;
}

/** Connects and exchanges Hello and Welcome; the listener hears only what comes after. */
export async function greet(options: LinkOptions, listener: ConnectionListener): Promise<Greeted> {
  const { socketPath, connectTimeoutMs: timeoutMs, ports } = options;
  const id = ports.newId();
  let isGreeted = false;
  const answer = deferred<BodyOf<'Welcome'>>();
  const connection = await openConnection(
    { socketPath, timeoutMs, ports },
    {
      onMessage: (message) => {
        if (isGreeted) return listener.onMessage(message);
        const welcome = readWelcome(message);
        if (!welcome) return;
        isGreeted = welcome.ok;
        if (welcome.ok) answer.resolve(welcome.body);
        else answer.reject(welcome.error);
      },
      onClose: (error) => {
        if (isGreeted) listener.onClose(error);
        else answer.reject(error ?? connectionLost('closed'));
      },
    },
  );
  const timer = ports.setTimeout(() => {
    answer.reject(new CodiError('CODI_TIMEOUT', { timeoutMs }));
  }, timeoutMs);
  connection.request(id, 'Hello', options.hello());
  try {
    return { connection, welcome: await answer.promise };
  } catch (error) {
    connection.end();
    throw error;
  } finally {
    ports.clearTimeout(timer);
  }
}

type WelcomeAnswer = { ok: true; body: BodyOf<'Welcome'> } | { ok: false; error: CodiError };

function readWelcome({ payload }: Message): WelcomeAnswer | undefined {
  if (payload.kind === 'Welcome') return { ok: true, body: payload.body };
  if (payload.kind === 'Error') return { ok: false, error: errorFromAnswer(payload.body) };
  if (payload.kind !== 'Acknowledgment' || typeof payload.body.status !== 'object') {
    return undefined;
  }
  const { code, status } = payload.body;
  return { ok: false, error: errorFromAcknowledgment(code, status.Rejected) };
}

/** Promise.withResolvers, which Node 20 does not have; an unread rejection is no crash. */
function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: CodiError) => void;
  const promise = new Promise<T>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
