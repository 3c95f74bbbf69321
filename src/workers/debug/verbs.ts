import { CodiError } from '../../protocol/errors.ts';
import type { TreeNodeView } from '../../protocol/debug/tree-views.ts';
import type { KillOutcome } from './debug.messages.ts';

/** What the verbs need from the thread around them. */
export interface DebugBackend {
  /** The present tree; the last one known, with its age, when the main thread does not answer in time. */
  tree(): Promise<{ tree: TreeNodeView; staleMs: number }>;
  kill(path: string): Promise<KillOutcome>;
  hello(): { version: string; pid: number; write: boolean };
  readonly canWrite: boolean;
}

export interface DebugRequest {
  id: number | string;
  verb: string;
  path?: unknown;
}

/** Carries out one request of the debug socket. Rejects with a CodiError that the client is told. */
export async function runVerb(request: DebugRequest, backend: DebugBackend): Promise<unknown> {
  switch (request.verb) {
    case 'hello':
      return backend.hello();
    case 'tree': {
      const { tree, staleMs } = await backend.tree();
      return staleMs > 0 ? { ...tree, stale_ms: staleMs } : tree;
    }
    case 'kill':
      return kill(request, backend);
    default:
      throw new CodiError('CODI_MESSAGE_UNKNOWN', { kind: request.verb });
  }
}

async function kill(request: DebugRequest, backend: DebugBackend): Promise<unknown> {
  // Without the grant the write verbs do not exist.
  if (!backend.canWrite)
    throw new CodiError(
      'CODI_NOT_PERMITTED',
      { reason: 'this daemon takes no changes through its debug socket' },
      { hint: 'start it with `codi up`, or set debug.write' },
    );
  if (typeof request.path !== 'string' || request.path === '')
    throw new CodiError('CODI_MESSAGE_INVALID', { reason: 'kill needs the path of an actor' });
  const outcome = await backend.kill(request.path);
  if (outcome.ok) return { path: outcome.path, epoch: outcome.epoch };
  if (outcome.error === 'root') throw new CodiError('CODI_ROOT_KILL', {});
  throw new CodiError('CODI_ACTOR_NOT_FOUND', { path: request.path });
}
