import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { deadline } from './deadline.ts';
import type { DaemonPlace } from './daemon.ts';

export const CODI_ENTRY = fileURLToPath(new URL('../../dist/cli/entry.js', import.meta.url));

export interface CodiProcess {
  child: ChildProcessWithoutNullStreams;
  /** Of codi itself, beside its program's. */
  out(): string;
  notes(): string;
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null }>;
  /** Resolves when stdout holds the text. */
  says(text: string): Promise<void>;
}

/** codi as a process of its own, with real signals and pipes. */
export function codiProcess(
  place: DaemonPlace,
  args: readonly string[],
  { cwd = place.home, under = [] as string[] } = {},
): CodiProcess {
  const [program, ...rest] = [...under, process.execPath, CODI_ENTRY, ...args];
  const { SESSION_ID: _id, CODI_SESSION_ID: _codiId, ...env } = process.env;
  const child = spawn(program!, rest, {
    cwd,
    env: { ...env, CODI_DATA_DIR: place.dataDir, CODI_SOCKET: place.socketPath },
  });
  let [out, notes] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (notes += text));
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  const says = async (text: string) => {
    while (!out.includes(text)) await once(child.stdout, 'data');
  };
  return {
    child,
    out: () => out,
    notes: () => notes,
    ended: deadline(`codi ${args[0]} to end`, closed, 30_000).then(([code, signal]) => ({
      code,
      signal,
    })),
    says: (text) => deadline(`'${text}' from codi ${args[0]}`, says(text), 20_000),
  };
}
