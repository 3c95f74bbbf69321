import { EXIT } from './error-row.ts';
import type { ErrorRow } from './error-row.ts';

/** Errors of configuration files, of what codi was installed with, and of what it is started in: 4114 to 4117. */
export const CONFIG_ERRORS = {
  CODI_CONFIG_EXISTS: {
    number: 4114,
    retryable: false,
    exit: EXIT.conflict,
    message: 'there is a configuration already: {path}',
    hint: 'edit it, add folders with `codi watch add`, or replace it with --force',
  },
  CODI_SQLITE_ADDON: {
    number: 4115,
    retryable: false,
    exit: EXIT.failed,
    message:
      '{package} was compiled with headers that make Node {node} end this process at random moments',
    hint: '`codi doctor` says how to compile it anew; other releases of Node than 24 are not concerned',
  },
  CODI_OUTPUT_FAILED: {
    number: 4116,
    retryable: false,
    exit: EXIT.failed,
    message: 'what was to be printed could not be written: {reason}',
    hint: 'only the output is lost, not what the command did; look at where standard output goes',
  },
  CODI_DESCRIPTORS_EXHAUSTED: {
    number: 4117,
    retryable: true,
    exit: EXIT.tryAgain,
    message: 'the daemon could not start with so few open files: {reason}',
    hint: 'allow more, with `ulimit -n 1024` or LimitNOFILE= of its service',
  },
} as const satisfies Record<string, ErrorRow>;
