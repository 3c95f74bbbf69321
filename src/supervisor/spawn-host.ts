import type { Isolation } from './child-spec.ts';
import type { Environment, Host } from './environment.ts';

/** Starts the thread or process that an isolation asks for. Throws what the environment throws. */
export function spawnHost(
  environment: Environment,
  isolation: Exclude<Isolation, { kind: 'inline' }>,
  name: string,
): Host {
  const { kind, entry, data, env, nodeArgs } = isolation;
  const options = {
    name,
    ...(data === undefined ? {} : { data }),
    ...(env === undefined ? {} : { env }),
    ...(nodeArgs === undefined ? {} : { nodeArgs }),
  };
  return kind === 'thread'
    ? environment.spawnThread(entry, options)
    : environment.forkProcess(entry, options);
}
