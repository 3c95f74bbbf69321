import { CodiError, isCodiError } from '../protocol/errors.ts';
import type { BodyOf, Payload } from '../protocol/messages.ts';
import { errorFromAcknowledgment, errorFromAnswer } from './answer-errors.ts';
import { connectionLost, openConnection } from './connection.ts';
import type { Connection, ConnectionListener } from './connection.ts';
import type { LinkOptions } from './link.ts';
import type { Target } from './targets.ts';

/** A connection on which both sides said hello. */
export interface Greeted {
  connection: Connection;
  target: Target;
  welcome: BodyOf<'Welcome'>;
}

/**
 * Connects by the first way that leads to a daemon. The listener hears only what comes after the Welcome.
 * Throws what a daemon said, else the error of the first way.
 */
export async function greet(options: LinkOptions, listener: ConnectionListener): Promise<Greeted> {
  let told: unknown;
  for (const target of options.targets) {
    try {
      return await greetAt(target, options, listener);
    } catch (error) {
      const isUnheard = isCodiError(error) && error.code === 'CODI_UNREACHABLE';
      if (told === undefined || !isUnheard) told = error;
    }
  }
  throw told;
}

/** Exchanges Hello and Welcome. */
async function greetAt(
  target: Target,
  options: LinkOptions,
  listener: ConnectionListener,
): Promise<Greeted> {
  const { connectTimeoutMs: timeoutMs, ports } = options;
  const id = ports.newId();
  let isGreeted = false;
  const answer = deferred<BodyOf<'Welcome'>>();
  const connection = await openConnection(
    { target, timeoutMs, ports },
    {
      onAnswer: (payload) => {
        if (isGreeted) return listener.onAnswer(payload);
        const welcome = readWelcome(payload);
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
  const token = target.kind === 'tcp' ? target.token : undefined;
  connection.request(id, 'Hello', { ...options.hello(), ...(token !== undefined && { token }) });
  try {
    return { connection, target, welcome: await answer.promise };
  } catch (error) {
    connection.end();
    throw error;
  } finally {
    ports.clearTimeout(timer);
  }
}

type WelcomeAnswer = { ok: true; body: BodyOf<'Welcome'> } | { ok: false; error: CodiError };

function readWelcome(payload: Payload): WelcomeAnswer | undefined {
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
