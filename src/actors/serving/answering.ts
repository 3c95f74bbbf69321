import { isCodiError } from '../../protocol/errors.ts';
import { isRequestKind } from '../../protocol/kinds.ts';
import type { Message } from '../../protocol/messages.ts';
import type { Scope } from '../../supervisor/index.ts';
import type { ServingPorts } from './ports.ts';
import { failure } from './refusals.ts';
import { handleRequest, type Answer, type RequestPeer } from './requests.ts';

/**
 * Handles a request and gives `settle` its answer, in the same turn where nobody else has to be asked. The measuring
 * comes behind the answer. What is no CodiError is thrown, and crashes the actor of the scope.
 */
export function answerRequest(
  peer: RequestPeer,
  message: Message,
  ports: ServingPorts,
  { scope, settle }: { scope: Scope; settle(given: Answer): void },
): void {
  const startedAtMs = ports.monotonicMs();
  const { kind } = message.payload;
  const answer = (given: Answer) => {
    const durationMs = ports.monotonicMs() - startedAtMs;
    settle(given);
    if (isRequestKind(kind)) ports.telemetry.emit('RequestAnswered', { kind, durationMs });
  };
  const fail = (error: unknown) => {
    if (!isCodiError(error)) throw error;
    answer(failure(message, error));
  };
  let given: ReturnType<typeof handleRequest>;
  try {
    given = handleRequest(peer, message, ports);
  } catch (error) {
    fail(error);
    return;
  }
  if (given instanceof Promise) void given.then(scope.wrap(answer), scope.wrap(fail));
  else answer(given);
}
