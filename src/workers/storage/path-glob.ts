import picomatch from 'picomatch';
import { CodiError } from '../../protocol/errors.ts';
import { FIELD_LIMITS } from '../../protocol/limits.ts';

const STARS_MAX = 4;
const GLOBSTARS_MAX = 4;
/** No groups of regular expressions, which could take hours for one path; brackets and braces remain. */
const OPTIONS = { dot: true, noextglob: true, regex: false } as const;

/** Refuses a pattern whose cost grows too fast with the length of paths: CODI_MESSAGE_INVALID. */
export function assertGlob(pattern: string): void {
  const names = pattern.split('/');
  const globstars = names.filter((name) => name.includes('**')).length;
  const isCostly =
    Buffer.byteLength(pattern) > FIELD_LIMITS.pattern ||
    globstars > GLOBSTARS_MAX ||
    names.some((name) => name.split(/\*+/).length - 1 > STARS_MAX);
  if (!isCostly) return;
  const reason = `path: a glob may have ${FIELD_LIMITS.pattern} bytes, ${GLOBSTARS_MAX} times ** and ${STARS_MAX} times * in one name`;
  throw new CodiError('CODI_MESSAGE_INVALID', { reason });
}

/** A matcher of whole paths, and of names when the pattern has no slash. */
export function globMatcher(pattern: string): (path: string) => boolean {
  const matches = picomatch(pattern.replaceAll(/(?<!\\)[()]/g, '\\$&'), OPTIONS);
  if (pattern.includes('/')) return (path) => matches(path);
  return (path) => matches(path) || matches(path.slice(path.lastIndexOf('/') + 1));
}
