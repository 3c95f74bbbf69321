/** What follows the name begins with one: `f~`, `f.bak`, `f.tmp.1234`, `#f#`, `.f.swp`, `f___jb_old___`. */
const SEPARATORS = ['.', '~', '#', '___'];
const BEFORE_NAME = /^[.#~]+/;
const CUTS_LIMIT = 8;

/**
 * Whether a name looks like that of a copy which programs keep, or write, beside a file while they save it: the
 * file's name with something before or behind it. `isFile` says whether a name is that of a file.
 */
export function isSaveName(name: string, isFile: (name: string) => boolean): boolean {
  let rest = name;
  for (let cuts = 0; cuts <= CUTS_LIMIT && rest !== ''; cuts++) {
    const bare = rest.replace(BEFORE_NAME, '');
    if (rest !== name && isFile(rest)) return true;
    if (bare !== name && bare !== '' && isFile(bare)) return true;
    const end = Math.max(...SEPARATORS.map((separator) => rest.lastIndexOf(separator)));
    if (end < 0) return false;
    rest = rest.slice(0, end);
  }
  return false;
}
