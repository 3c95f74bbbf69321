import { untilInterrupted } from '../interruption.ts';
import type { Invocation } from '../invocation.ts';
import { withStoreThread } from './store-source.ts';

const BLOCK_LINE = '{"block":';

/** `codi store cat`: the lines as they stand in the files, so nothing of them is decoded and encoded anew. */
export async function printSegments(
  files: readonly string[],
  { withBlocks }: { withBlocks: boolean },
  invocation: Invocation,
): Promise<void> {
  const { out } = invocation;
  await withStoreThread(invocation, (thread) =>
    untilInterrupted(invocation, async (signal) => {
      const segments = await thread.call('segments', {});
      const names = files.length > 0 ? files : segments.map(({ file }) => file);
      for (const file of names) {
        const parts = segments.find((segment) => segment.file === file)?.parts.length ?? 1;
        for (let part = 0; part < parts && !signal.aborted; part++) {
          for (const line of await thread.call('part', { file, part }))
            if (withBlocks || !line.startsWith(BLOCK_LINE)) await out.line(line);
          await out.flush();
        }
      }
    }),
  );
}
