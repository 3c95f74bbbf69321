/** Exit codes of every command; scripts branch on them, so a number never changes its meaning. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  conflict: 3,
  staleToken: 4,
  notFound: 5,
  degraded: 6,
  unreachable: 69,
  tryAgain: 75,
  notPermitted: 77,
  config: 78,
  /** Of `codi run` alone, as shells have them. */
  runNotExecutable: 126,
  runNotFound: 127,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** One line of the error table. */
export interface ErrorRow {
  /** Stable number: thousands are the area. Never used again for anything else. */
  readonly number: number;
  /** Whether the same request may succeed later without any change to it. */
  readonly retryable: boolean;
  /** What a command exits with when it fails with this. */
  readonly exit: ExitCode;
  /** What happened, with `{placeholders}` filled from the details. */
  readonly message: string;
  /** What to do about it; empty when there is nothing to do. */
  readonly hint: string;
  /** The byte stream cannot be trusted after this: the connection is closed once it is answered. */
  readonly closes?: boolean;
}
