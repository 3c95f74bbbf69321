import { EXIT } from './error-row.ts';
import type { ErrorRow } from './error-row.ts';

/** Errors of configuration files and of what codi was installed with: 4114 and 4115. */
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
} as const satisfies Record<string, ErrorRow>;
