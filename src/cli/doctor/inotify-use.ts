import { readdir, readFile, readlink, stat } from 'node:fs/promises';

/** What one process of the user holds. */
export interface InotifyHolder {
  readonly pid: number;
  readonly name: string;
  readonly instances: number;
  readonly watches: number;
}

export interface InotifyUse {
  /** The lowest limit that can be read; undefined where there is none. */
  readonly watchesLimit: number | undefined;
  readonly instancesLimit: number | undefined;
  /** Those that hold most come first. */
  readonly holders: readonly InotifyHolder[];
}

const WATCH_LIMITS = ['sys/fs/inotify/max_user_watches', 'sys/user/max_inotify_watches'];
const INSTANCE_LIMITS = ['sys/fs/inotify/max_user_instances', 'sys/user/max_inotify_instances'];

/**
 * Limits of inotify and who uses them up, as far as `proc` (/proc) shows it to this user. Undefined where there is no
 * inotify.
 */
export async function readInotifyUse(proc: string, uid: number): Promise<InotifyUse | undefined> {
  const [watchesLimit, instancesLimit] = await Promise.all([
    lowest(proc, WATCH_LIMITS),
    lowest(proc, INSTANCE_LIMITS),
  ]);
  if (watchesLimit === undefined && instancesLimit === undefined) return undefined;
  const holders: InotifyHolder[] = [];
  for (const name of await readdir(proc)) {
    if (!/^\d+$/.test(name)) continue;
    const holder = await holderOf(`${proc}/${name}`, Number(name), uid).catch(() => undefined);
    if (holder && holder.instances > 0) holders.push(holder);
  }
  holders.sort((one, other) => other.watches - one.watches || other.instances - one.instances);
  return { watchesLimit, instancesLimit, holders };
}

async function lowest(proc: string, paths: readonly string[]): Promise<number | undefined> {
  const texts = await Promise.all(
    paths.map((path) => readFile(`${proc}/${path}`, 'utf8').catch(() => '')),
  );
  const limits = texts.map((text) => Number.parseInt(text, 10)).filter(Number.isFinite);
  return limits.length > 0 ? Math.min(...limits) : undefined;
}

/** Rejects when the process is gone or not to be looked into. */
async function holderOf(
  directory: string,
  pid: number,
  uid: number,
): Promise<InotifyHolder | undefined> {
  if ((await stat(directory)).uid !== uid) return undefined;
  let instances = 0;
  let watches = 0;
  for (const descriptor of await readdir(`${directory}/fd`)) {
    const target = await readlink(`${directory}/fd/${descriptor}`).catch(() => '');
    if (!target.includes('inotify')) continue;
    instances += 1;
    const text = await readFile(`${directory}/fdinfo/${descriptor}`, 'latin1').catch(() => '');
    watches += text.split('\ninotify wd:').length - 1;
  }
  const name = (await readFile(`${directory}/comm`, 'utf8').catch(() => '')).trim();
  return { pid, name, instances, watches };
}
