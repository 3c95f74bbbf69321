import { EXIT } from './error-row.ts';
import type { ErrorRow } from './error-row.ts';

/** Why an export is not captured, or cannot be given back: 4100 to 4109, and 4113. */
export const EXPORT_ERRORS = {
  CODI_EXPORT_NOT_A_FILE: {
    number: 4100,
    retryable: false,
    exit: EXIT.usage,
    message: 'the export is no regular file, and links are not followed',
    hint: 'capture the file that is meant: `codi export capture <file>`',
  },
  CODI_EXPORT_FOREIGN: {
    number: 4101,
    retryable: false,
    exit: EXIT.notPermitted,
    message:
      'the export is another name of a file that may be somebody else’s, or has a set-user bit',
    hint: 'copy it: `cp --remove-destination`',
  },
  CODI_EXPORT_TOO_LARGE: {
    number: 4102,
    retryable: false,
    exit: EXIT.failed,
    message: 'the export is larger than exports.size_limit',
    hint: 'raise exports.size_limit, restart the daemon and capture it: `codi export capture <file>`',
  },
  CODI_EXPORT_OUTSIDE: {
    number: 4103,
    retryable: false,
    exit: EXIT.notPermitted,
    message: 'the export is not where it was seen: a folder on the way is a link',
    hint: 'capture it under its real path: `codi export capture <file>`',
  },
  CODI_EXPORT_UNREADABLE: {
    number: 4104,
    retryable: true,
    exit: EXIT.notPermitted,
    message: 'the export cannot be read',
    hint: 'give the user of the daemon the right to read it',
  },
  CODI_EXPORT_EMPTY: {
    number: 4105,
    retryable: false,
    exit: EXIT.failed,
    message: 'the export has no content',
    hint: 'export again; the transcript may still have it',
  },
  CODI_EXPORT_VANISHED: {
    number: 4106,
    retryable: false,
    exit: EXIT.notFound,
    message: 'the export went away before it had settled',
    hint: '',
  },
  CODI_EXPORT_PRUNED: {
    number: 4107,
    retryable: false,
    exit: EXIT.notFound,
    message: 'the content of export {id} was removed by policy on {pruned}',
    hint: 'exports.retention_days says how long contents are kept; a backup may still have it',
  },
  CODI_EXPORT_DAMAGED: {
    number: 4108,
    retryable: false,
    exit: EXIT.failed,
    message: 'the content {checksum} cannot be given back: {reason}',
    hint: 'see `codi export verify`; a backup may still have it',
  },
  CODI_EXPORT_NOT_KEPT: {
    number: 4109,
    retryable: false,
    exit: EXIT.notFound,
    message: 'of export {id} nothing was kept: {state}',
    hint: 'see `codi export show {id}`',
  },
  CODI_EXPORT_ORIGINAL_KEPT: {
    number: 4113,
    retryable: true,
    exit: EXIT.failed,
    message: 'the original of an export stays where it is: {reason}',
    hint: 'its content is kept all the same; see exports.after_capture',
  },
} as const satisfies Record<string, ErrorRow>;
