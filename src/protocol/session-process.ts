/** A process that a session lives with. */
export interface SessionProcess {
  readonly pid: number;
  /** Which processes its number counts among: the link /proc/self/ns/pid. Null where there is none. */
  readonly namespace: string | null;
  /** Which of all that had this number: boot id and start in ticks since then, with a slash. Null where it is not known. */
  readonly started: string | null;
}

/** Field 22 of /proc/<pid>/stat is the start; names hold anything, so it is counted from behind the last bracket. */
const START_FIELD = 19;

/** What a line of /proc/<pid>/stat says; `state` is a letter, Z for one that is over and not yet buried. */
export function readProcessStat(text: string): { state: string; startTicks: string } | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  const startTicks = fields[START_FIELD];
  return state && startTicks ? { state, startTicks } : undefined;
}

export function processMark(bootId: string, startTicks: string): string {
  return `${bootId.trim()}/${startTicks}`;
}
