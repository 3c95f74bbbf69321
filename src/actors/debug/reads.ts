import { CodiError } from '../../protocol/errors.ts';
import type { PeerUser } from '../../protocol/peer-user.ts';
import type { Resource, System } from '../../supervisor/index.ts';
import type { Asks, BareStats } from '../../workers/debug/debug.messages.ts';
import { headerView, resourceView, statsView, workerPart } from './actor-view.ts';
import type { Frames } from './frames.ts';
import { inspectMachine, machineView } from './machine-view.ts';
import { isoTime } from './plain-names.ts';
import type { DebugPorts } from './ports.ts';
import { deadLetterView } from './report-view.ts';
import { whyView } from './why-view.ts';

export type Answers<Verb extends keyof Asks> = {
  [Name in Verb]: (params: Asks[Name]['params'], peer?: PeerUser) => Asks[Name]['result'];
};

type ReadVerb = 'inspect' | 'peek' | 'recent' | 'stats' | 'why' | 'deadletters' | 'leaks' | 'frame';

/** Resources of one answer. */
const RESOURCES_MAX = 5_000;

/** Answers of the verbs that change nothing. Each @throws CodiError. */
export function readAnswers(ports: DebugPorts, frames: Frames): Answers<ReadVerb> {
  const system = () => ports.system();
  return {
    inspect: ({ path }) => {
      const found = system().inspect(path);
      return found === 'noproc' ? null : workerPart(found);
    },
    peek: ({ path, definition = false }) => machineView(inspectMachine(system(), path), definition),
    recent: ({ path }) => {
      const headers = system().recent(path);
      if (headers === 'noproc') throw notAWorker(system(), path);
      return { path, headers: headers.map(headerView) };
    },
    stats: ({ path }) => ({ actors: statsOf(system(), path) }),
    why: ({ path }) => {
      const found = system().explainWhy(path);
      if (found === 'noproc') throw new CodiError('CODI_ACTOR_NOT_FOUND', { path });
      return whyView(found);
    },
    deadletters: ({ limit, to }) => {
      const { keptBytes, ...counts } = system().deadLetterCounts();
      return {
        counts: { ...counts, kept_bytes: keptBytes },
        letters: system().deadLetters(limit, to).map(deadLetterView),
      };
    },
    leaks: ({ path }) => leaksOf(ports, path),
    frame: ({ limit }) => frames.next(limit),
  };
}

function statsOf(system: System, path: string | undefined): BareStats[] {
  if (path === undefined) return system.allStats().map(statsView);
  const stats = system.stats(path);
  if (!stats) throw notAWorker(system, path);
  return [statsView(stats)];
}

function leaksOf(ports: DebugPorts, path: string | undefined): Asks['leaks']['result'] {
  const system = ports.system();
  if (path !== undefined && system.explainWhy(path) === 'noproc')
    throw new CodiError('CODI_ACTOR_NOT_FOUND', { path });
  const resources = system.resources(path, RESOURCES_MAX);
  return {
    resources: resources.map(resourceView),
    handles: ports.handles(),
    orphans: resources.filter((resource) => isOrphan(system, resource)).map(resourceView),
    unstopped: system
      .unstopped()
      .filter((entry) => path === undefined || entry.path === path)
      .map(({ path: owner, reason, at }) => ({ path: owner, reason, at: isoTime(at) })),
  };
}

/** Its owner (`path#epoch`) is no present incarnation. */
function isOrphan(system: System, { owner }: Resource): boolean {
  const mark = owner.lastIndexOf('#');
  return system.stats(owner.slice(0, mark))?.epoch !== Number(owner.slice(mark + 1));
}

/** There is no such actor, or it is a supervisor. */
export function notAWorker(system: System, path: string): CodiError {
  if (system.explainWhy(path) === 'noproc') return new CodiError('CODI_ACTOR_NOT_FOUND', { path });
  return new CodiError(
    'CODI_MESSAGE_INVALID',
    { reason: `${path} is a supervisor and handles no messages` },
    { hint: 'name one of its children: see `codi tree`' },
  );
}
