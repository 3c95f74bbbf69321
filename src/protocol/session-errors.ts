import { EXIT } from './error-row.ts';
import type { ErrorRow } from './error-row.ts';

/** Errors of sessions: 4110 to 4112. */
export const SESSION_ERRORS = {
  CODI_SESSIONS_TOO_MANY: {
    number: 4110,
    retryable: true,
    exit: EXIT.tryAgain,
    message: 'there are {limit} sessions already',
    hint: 'end some (`codi session ls --active`), or raise limits.sessions',
  },
  CODI_RUN_NOT_FOUND: {
    number: 4111,
    retryable: false,
    exit: EXIT.runNotFound,
    message: 'there is no program {program}',
    hint: 'is it in a folder of PATH?',
  },
  CODI_RUN_NOT_EXECUTABLE: {
    number: 4112,
    retryable: false,
    exit: EXIT.runNotExecutable,
    message: '{program} cannot be run: {reason}',
    hint: 'see that it is a file with permission to execute it',
  },
} as const satisfies Record<string, ErrorRow>;
