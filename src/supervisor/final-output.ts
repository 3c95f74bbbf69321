import type { FinalOutput } from './behaviour.ts';

export type FinalMeaning = FinalOutput | { exit: 'unsaid' };

/** Reads what a machine says with its output; anything that is no FinalOutput says nothing. */
export function meaningOfFinal(output: unknown): FinalMeaning {
  if (typeof output !== 'object' || output === null || !('exit' in output)) {
    return { exit: 'unsaid' };
  }
  switch (output.exit) {
    case 'ignore':
    case 'normal':
      return { exit: output.exit };
    case 'shutdown':
      return { exit: 'shutdown', cause: 'cause' in output ? output.cause : undefined };
    case 'failed':
      return { exit: 'failed', error: 'error' in output ? output.error : undefined };
    default:
      return { exit: 'unsaid' };
  }
}
