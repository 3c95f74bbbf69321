import { createRequire } from 'node:module';
import { subscribe } from '@parcel/watcher';

/** @parcel/watcher as it is: its inotify backend, nothing around it. */
export const parcel = {
  title: '@parcel/watcher',
  async start({ roots, look }) {
    const subscriptions = [];
    for (const root of roots) {
      const onEvents = (error, events) => {
        if (error) console.error(`parcel: ${error.message}`);
        else for (const { path } of events) look(path);
      };
      subscriptions.push(await subscribe(root, onEvents, { backend: 'inotify' }));
    }
    return {
      version: createRequire(import.meta.url)('@parcel/watcher/package.json').version,
      pids: () => [process.pid],
      stop: () => Promise.all(subscriptions.map((subscription) => subscription.unsubscribe())),
    };
  },
};
