import { useInput } from 'ink';
import { useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import type { Style } from '../style.ts';
import type { TreeWatch } from '../tree-watch.ts';
import { ScreenFrame, useScreenSize } from './screen-frame.tsx';
import { isInterrupt, keysOf } from './screen-keys.ts';

interface TreeAppProps {
  watch: TreeWatch;
  style: Style;
  nowMs: () => number;
}

/** `codi tree --watch` on the screen. */
export function treeView(props: TreeAppProps): ReactNode {
  return <TreeApp {...props} />;
}

function TreeApp({ watch, style, nowMs }: TreeAppProps): ReactNode {
  const state = useSyncExternalStore(watch.subscribe, watch.state);
  const { columns, rows } = useScreenSize();
  const page = rows - 2;
  useInput((input, key) => {
    if (isInterrupt(input, key)) watch.quit();
    else for (const pressed of keysOf(input, key)) watch.press(pressed, page);
  });
  const lines = watch.lines({ style, nowMs: nowMs(), columns });
  const start = Math.max(0, Math.min(state.scroll, lines.length - page));
  const more =
    lines.length > page ? `${start + 1}-${Math.min(lines.length, start + page)} of ` : '';
  const notice = state.isConnected ? '' : style.yellow('the daemon went away; waiting for it');
  return (
    <ScreenFrame
      columns={columns}
      rows={rows}
      header={[notice]}
      body={lines.slice(start, start + page)}
      footer={style.dim(`${more}${lines.length} actors  up/down scroll  q quit`)}
    />
  );
}
