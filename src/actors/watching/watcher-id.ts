import { showBytePath, type BytePath } from '../../protocol/byte-path.ts';

/** Name of a root's watcher in the tree: its path as people read it, unmistakable also when that is not UTF-8. */
export function watcherId(path: BytePath): string {
  const { path: shown, path_b64: bytes } = showBytePath(path);
  return bytes === undefined ? shown : `${shown} (${bytes})`;
}
