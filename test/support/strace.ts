import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { deadline } from './deadline.ts';

/** Whether system calls can be traced here; `skipUnless` says so where they cannot. */
export const hasStrace = spawnSync('strace', ['-V']).status === 0;
export const NO_STRACE = 'strace is not installed';

/**
 * What runs a command under strace. It is stopped at the traced calls alone, which takes half the time; but strace
 * (6.1) injects nothing then.
 */
export function underStrace(args: readonly string[]): [program: string, ...args: string[]] {
  const isInjecting = args.some((arg) => arg.startsWith('inject='));
  return ['strace', '-f', ...(isInjecting ? [] : ['--seccomp-bpf']), ...args];
}

export interface TracedCall {
  /** Thread that made it. */
  thread: string;
  name: string;
  args: string;
  /** `= …`; `?` when the process was killed in it. */
  result: string;
}

/** Completed calls in the order in which they returned; an unfinished call is joined with its end. */
export function readTrace(text: string): TracedCall[] {
  const open = new Map<string, { name: string; args: string }>();
  const calls: TracedCall[] = [];
  for (const line of text.split('\n')) {
    const thread = /^\d+/.exec(line)?.[0] ?? '';
    const unfinished = /^\d+\s+(\w+)\((.*) <unfinished \.\.\.>$/.exec(line);
    const resumed = /^\d+\s+<\.\.\. (\w+) resumed>(.*)\)\s+= (.*)$/.exec(line);
    const whole = /^\d+\s+(\w+)\((.*)\)\s+= (.*)$/.exec(line);
    if (unfinished) open.set(thread, { name: unfinished[1]!, args: unfinished[2]! });
    else if (resumed) {
      const args = `${open.get(thread)?.args ?? ''}${resumed[2]!}`;
      calls.push({ thread, name: resumed[1]!, args, result: resumed[3]! });
    } else if (whole) calls.push({ thread, name: whole[1]!, args: whole[2]!, result: whole[3]! });
  }
  return calls;
}

/** The file a call is about: that of its descriptor (`-y`), or its first path. */
export function fileOf({ args }: TracedCall): string | undefined {
  return (/^\d+<([^>]*)>/.exec(args) ?? /^(?:AT_FDCWD<[^>]*>, )?"([^"]*)"/.exec(args))?.[1];
}

export interface Tracer {
  /** Ends the tracing; the process runs on as if nothing had been. */
  detach(): Promise<void>;
}

/** Traces every thread of a running process, those that it will have as well. */
export async function attachStrace(pid: number, args: readonly string[]): Promise<Tracer> {
  const child = spawn('strace', ['-f', ...args, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const exited = new Promise<void>((resolve) => child.once('close', () => resolve()));
  await deadline('strace to attach', whenAttached(child), 30_000);
  return {
    detach: async () => {
      child.kill('SIGINT');
      await deadline('strace to detach', exited, 30_000);
    },
  };
}

function whenAttached(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.once('error', reject);
    child.once('close', () => reject(new Error(`strace ended: ${said}`)));
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('attached')) resolve();
    });
  });
}
