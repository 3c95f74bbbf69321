import { EXIT } from '../../protocol/errors.ts';
import type { RepairedStore } from '../../protocol/store-calls.ts';
import { plural } from '../amounts.ts';
import type { Invocation } from '../invocation.ts';
import { withProgress } from '../progress.ts';
import { safeText } from '../safe-text.ts';
import { withStoreThread } from './store-source.ts';

const SHOWN_MAX = 10;

/** `codi store repair` */
export async function repairStore(isCheck: boolean, invocation: Invocation): Promise<number> {
  const { globals, io, out } = invocation;
  const what = isCheck ? 'looking for damage' : 'looking for damage and healing it';
  const stores = await withProgress(invocation, what, () =>
    withStoreThread(invocation, (thread) => thread.call('repair', { isCheck, nowMs: io.nowMs() })),
  );
  if (globals.json) await out.json({ check: isCheck, stores });
  else await out.lines(stores.flatMap((store) => storeLines(store, invocation)));
  const isWell = stores.every(({ damage, healed }) =>
    healed ? healed.lost_blocks === 0 : damage.length === 0,
  );
  return isWell ? EXIT.done : EXIT.degraded;
}

function storeLines({ store, damage, healed }: RepairedStore, { style }: Invocation): string[] {
  if (damage.length === 0) return [`${store}.db ${style.green('is sound')}`];
  const reasons = damage
    .slice(0, SHOWN_MAX)
    .map((reason) => `${store}.db ${style.red('is damaged:')} ${safeText(reason)}`);
  if (!healed) return reasons;
  const found = `${plural(healed.entries, 'entry', 'entries')} in ${plural(healed.blocks, 'block')}`;
  const lost =
    healed.lost_blocks === 0
      ? 'nothing is lost'
      : `${plural(healed.lost_blocks, 'block')} lost or unproved; see \`codi store verify\``;
  return [
    ...reasons,
    `${store}.db ${style.green('is healed:')} ${found}; ${lost}`,
    `  the damaged file is ${safeText(healed.quarantine)}`,
    ...(healed.unproved_file === null
      ? []
      : [
          `  ${plural(healed.unproved_entries, 'entry', 'entries')} of lost blocks can be read, not proved: \`codi store cat ${safeText(healed.unproved_file)}\``,
        ]),
  ];
}
