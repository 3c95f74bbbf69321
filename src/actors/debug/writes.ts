import { CodiError } from '../../protocol/errors.ts';
import type { EndParams, EndView } from '../../protocol/debug/verbs.ts';
import type { PeerUser } from '../../protocol/peer-user.ts';
import type { OperatorWord, System, TreeNode } from '../../supervisor/index.ts';
import type { Asks } from '../../workers/debug/debug.messages.ts';
import type { DebugAct, DebugPorts } from './ports.ts';
import type { Answers } from './reads.ts';
import { notAWorker } from './reads.ts';
import { isoTime } from './plain-names.ts';

type WriteVerb = 'kill' | 'restart' | 'stop' | 'suspend' | 'resume' | 'replay';
type EndVerb = 'kill' | 'restart' | 'stop';

/** Letters that one replay sends. */
const REPLAY_MAX = 100;
const END: Record<EndVerb, (system: System, path: string, word: OperatorWord) => unknown> = {
  kill: (system, path, word) => system.kill(path, word),
  restart: (system, path, word) => system.restartActor(path, word),
  stop: (system, path, word) => system.stopActor(path, word),
};

/** Answers of the verbs that change something. Each is recorded, also when it was refused. */
export function writeAnswers(
  ports: DebugPorts,
  ownPath: string,
  afterAnswer: (deed: () => void) => void,
): Answers<WriteVerb> {
  const by = (peer: PeerUser | undefined) => new Writes(ports, ownPath, afterAnswer, peer);
  return {
    kill: (params, peer) => by(peer).end('kill', params),
    restart: (params, peer) => by(peer).end('restart', params),
    stop: (params, peer) => by(peer).end('stop', params),
    suspend: (params, peer) => by(peer).suspend(params),
    resume: (params, peer) => by(peer).resume(params),
    replay: (params, peer) => by(peer).replay(params),
  };
}

/** What one peer asks for. */
class Writes {
  readonly #ports: DebugPorts;
  readonly #ownPath: string;
  /** The victim may be the way that the answer takes. */
  readonly #afterAnswer: (deed: () => void) => void;
  readonly #peer: PeerUser | undefined;

  constructor(
    ports: DebugPorts,
    ownPath: string,
    afterAnswer: (deed: () => void) => void,
    peer: PeerUser | undefined,
  ) {
    this.#ports = ports;
    this.#ownPath = ownPath;
    this.#afterAnswer = afterAnswer;
    this.#peer = peer;
  }

  end(verb: EndVerb, { path, reason, counted = false }: EndParams): EndView {
    const system = this.#ports.system();
    const tree = system.tree();
    const node = find(tree, path);
    if (!node) throw new CodiError('CODI_ACTOR_NOT_FOUND', { path });
    const { epoch } = node;
    const data = { epoch, counted, ...said(reason) };
    if (path === tree.path)
      throw this.#refusal(verb, path, data, new CodiError('CODI_ROOT_KILL', {}));
    if (verb === 'stop') this.#keepWayIn(verb, path, data);
    // Who does not come up the first time takes the daemon with it.
    if (tree.state === 'starting') {
      const error = new CodiError('CODI_TRY_AGAIN', { reason: 'the daemon is starting' });
      throw this.#refusal(verb, path, data, error);
    }
    this.#record({ verb, subject: path, outcome: 'done', data });
    const word: OperatorWord = { isCounted: counted, ...(reason !== undefined && { why: reason }) };
    this.#afterAnswer(() => void END[verb](system, path, word));
    return { path, epoch };
  }

  suspend({ path, ttl_ms: ttlMs, reason }: Asks['suspend']['params']): Asks['suspend']['result'] {
    const system = this.#ports.system();
    const asked = { ...said(reason), ...(ttlMs !== undefined && { ttl_ms: ttlMs }) };
    this.#keepWayIn('suspend', path, asked);
    const result = system.suspend(path, ttlMs);
    if (result.ok) {
      const { epoch, untilMs } = result;
      const until = isoTime(untilMs);
      const data = { epoch, until, ...asked };
      this.#record({ verb: 'suspend', subject: path, outcome: 'done', data });
      return { path, epoch, until };
    }
    if (result.error === 'noproc') throw notAWorker(system, path);
    if (result.error === 'supervisor')
      throw this.#refusal('suspend', path, asked, notAWorker(system, path));
    const explained = system.explainWhy(path);
    const state = explained === 'noproc' ? 'gone' : explained.state;
    const error = new CodiError('CODI_ACTOR_NOT_RUNNING', { path, state });
    throw this.#refusal('suspend', path, asked, error);
  }

  resume({ path, reason }: Asks['resume']['params']): Asks['resume']['result'] {
    const system = this.#ports.system();
    const result = system.resume(path);
    if (!result.ok) {
      const error = notAWorker(system, path);
      throw error.code === 'CODI_ACTOR_NOT_FOUND'
        ? error
        : this.#refusal('resume', path, said(reason), error);
    }
    const data = { was_suspended: result.wasSuspended, ...said(reason) };
    this.#record({ verb: 'resume', subject: path, outcome: 'done', data });
    return { path, was_suspended: result.wasSuspended };
  }

  /** The letters that are named, or the latest ones to an address. */
  replay({ ids, to, limit, reason }: Asks['replay']['params']): Asks['replay']['result'] {
    if (ids === undefined && to === undefined)
      throw new CodiError('CODI_MESSAGE_INVALID', { reason: 'replay needs `ids` or `to`' });
    const system = this.#ports.system();
    const most = Math.min(limit ?? REPLAY_MAX, REPLAY_MAX);
    const chosen = ids ?? system.deadLetters(most, to).map(({ id }) => id);
    const result = system.replayDeadLetters(chosen, most);
    const subject = to ?? 'deadletters';
    this.#record({
      verb: 'replay',
      subject,
      outcome: 'done',
      data: { ...result, ...said(reason) },
    });
    return result;
  }

  /** Whoever stops or suspends this actor could not undo it. */
  #keepWayIn(verb: 'stop' | 'suspend', path: string, data: DebugAct['data']): void {
    if (path !== this.#ownPath) return;
    const reason = `${path} is the way in: there would be none to bring it back`;
    const hint = `restart it with \`codi restart ${path}\``;
    throw this.#refusal(
      verb,
      path,
      data,
      new CodiError('CODI_NOT_PERMITTED', { reason }, { hint }),
    );
  }

  #refusal(verb: WriteVerb, subject: string, data: DebugAct['data'], error: CodiError): CodiError {
    this.#record({ verb, subject, outcome: 'refused', data: { ...data, error: error.code } });
    return error;
  }

  #record(act: Omit<DebugAct, 'peer'>): void {
    this.#ports.recordAct({ ...act, peer: this.#peer });
  }
}

function said(reason: string | undefined): { reason?: string } {
  return reason === undefined ? {} : { reason };
}

function find(node: TreeNode, path: string): TreeNode | undefined {
  if (node.path === path) return node;
  for (const child of node.children) {
    const found = find(child, path);
    if (found) return found;
  }
  return undefined;
}
