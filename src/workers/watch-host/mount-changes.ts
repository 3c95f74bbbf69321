import { readFile } from 'node:fs/promises';
import type { BytePath } from '../../protocol/byte-path.ts';

/** The file systems that this process sees, one per line (proc(5)); undefined where there is no such list. */
export async function readMounts(): Promise<string | undefined> {
  try {
    return await readFile('/proc/self/mountinfo', 'latin1');
  } catch {
    return undefined;
  }
}

/** Where file systems came or went: nothing is hinted of a mount, and what it covers keeps its watches. */
export class MountChanges {
  #text: string | undefined;
  #points = new Map<string, BytePath>();

  /** The places that differ from the list before; none of the first one. */
  since(text: string | undefined): BytePath[] {
    if (text === undefined || text === this.#text) return [];
    const before = this.#text === undefined ? undefined : this.#points;
    const points = pointsIn(text);
    this.#text = text;
    this.#points = points;
    if (!before) return [];
    const came = [...points].filter(([key]) => !before.has(key));
    const went = [...before].filter(([key]) => !points.has(key));
    return [...new Set([...went, ...came].map(([, point]) => point))];
  }
}

/** Mount points by what makes a mount another one: its id, device, root and place. */
function pointsIn(text: string): Map<string, BytePath> {
  const points = new Map<string, BytePath>();
  for (const line of text.split('\n')) {
    const [id, , device, root, point] = line.split(' ');
    if (point !== undefined) points.set(`${id} ${device} ${root} ${point}`, unescaped(point));
  }
  return points;
}

/** Blanks, line ends and backslashes are written as three octal digits. */
function unescaped(point: string): BytePath {
  const text = point.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
  return text as BytePath;
}
