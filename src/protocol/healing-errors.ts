import { EXIT } from './error-row.ts';
import type { ErrorRow } from './error-row.ts';

/** Errors of databases that were damaged: 4045 to 4049. */
export const HEALING_ERRORS = {
  CODI_ENTRY_LOST: {
    number: 4045,
    retryable: false,
    exit: EXIT.notFound,
    message:
      'entry {number} is lost: {file} was damaged, and block {block} was found without its entries on {found}',
    hint: 'see `codi store verify`; a backup may still have it',
  },
  CODI_HEALED_TOO_OFTEN: {
    number: 4046,
    retryable: true,
    exit: EXIT.failed,
    message: '{path} is damaged again ({reason}), after {count} healings within an hour',
    hint: 'look at the disk; `codi store repair` heals it at once, with the daemon stopped',
  },
  CODI_DAMAGE_ENCRYPTED: {
    number: 4047,
    retryable: false,
    exit: EXIT.failed,
    message: '{path} is damaged, and not one of its pages opens with the key that is set',
    hint: 'set the key that it was encrypted with; if this is the one, put a backup back with `codi store restore`',
  },
  CODI_HEALING_UNFINISHED: {
    number: 4048,
    retryable: false,
    exit: EXIT.conflict,
    message: '{path} was damaged ({reason}), and the work to heal it was interrupted',
    hint: 'start the daemon, or run `codi store repair`: either finishes it',
  },
} as const satisfies Record<string, ErrorRow>;
