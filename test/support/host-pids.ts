import { runAt } from './cli-harness.ts';
import type { DaemonPlace } from './daemon.ts';

interface Node {
  readonly path: string;
  readonly isolation?: string;
  readonly children?: readonly Node[];
}

const HOSTS = 'watching/hosts/';

/** The watch hosts of a daemon, by name, and their processes. */
export async function hostPids(place: DaemonPlace): Promise<Record<string, number>> {
  const tree = (await runAt(place, 'tree', '--json')).json();
  const pids: Record<string, number> = {};
  const visit = ({ path, isolation, children = [] }: Node) => {
    const pid = /^pid (\d+)$/.exec(isolation ?? '')?.[1];
    if (path.startsWith(HOSTS) && pid) pids[path.slice(HOSTS.length)] = Number(pid);
    children.forEach(visit);
  };
  (tree as unknown as Node[]).forEach(visit);
  return pids;
}
