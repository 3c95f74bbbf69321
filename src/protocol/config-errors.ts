import { EXIT } from './error-row.ts';
import type { ErrorRow } from './error-row.ts';

/** Errors of configuration files: 4114. */
export const CONFIG_ERRORS = {
  CODI_CONFIG_EXISTS: {
    number: 4114,
    retryable: false,
    exit: EXIT.conflict,
    message: 'there is a configuration already: {path}',
    hint: 'edit it, add folders with `codi watch add`, or replace it with --force',
  },
} as const satisfies Record<string, ErrorRow>;
