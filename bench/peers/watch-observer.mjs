// The process that listens to one watcher and keeps what its events make of the trees: a size for each file.
// A watcher that only names a path has it looked at here, once for each time it is named.
import { lstatSync, writeFileSync } from 'node:fs';
import { watchers } from './watchers.mjs';
import { nowMs, walkTree } from './watch-tree.mjs';

const { watcher: name, roots, home, modules, isLogged } = JSON.parse(process.argv[2]);
const state = new Map();
const log = [];
let [events, lastChangeAt, lastEventAt] = [0, 0, 0];

/** The size of a file that a watcher knows of, or null when it is gone. */
function know(path, size) {
  const at = nowMs();
  events += 1;
  lastEventAt = at;
  if (isLogged && path.startsWith(`${roots[0]}/`)) log.push([path, at]);
  if (size === null ? state.delete(path) : state.get(path) !== size) {
    if (size !== null) state.set(path, size);
    lastChangeAt = at;
  }
}

/** A watcher has named a path: whatever is there now is what an observer can know. */
function look(path) {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found?.isDirectory()) know(path, found ? found.size : null);
}

const startedAt = nowMs();
const running = await watchers[name].start({ roots, home, modules, look, know });
const readyMs = running.readyMs ?? nowMs() - startedAt;

const answers = {
  learn: () => {
    for (const root of roots)
      for (const [path, size] of walkTree(root).files) state.set(path, size);
  },
  progress: () => ({ events, lastChangeAt, lastEventAt }),
  dump: ({ file }) => writeFileSync(file, JSON.stringify({ state: [...state], log })),
  sync: () => running.sync?.(),
  stop: () => running.stop(),
};
async function answer({ type, ...rest }) {
  process.send({ answer: (await answers[type](rest)) ?? null });
  if (type === 'stop') process.disconnect();
}
process.on('message', (question) => void answer(question));
process.send({ ready: { readyMs, pids: running.pids(), version: running.version } });
