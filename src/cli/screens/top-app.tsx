import { useInput } from 'ink';
import { useEffect, useSyncExternalStore } from 'react';
import type { ReactNode } from 'react';
import type { Style } from '../style.ts';
import { topScreen } from '../top/top-screen.ts';
import type { TopSession } from '../top/top-session.ts';
import { ScreenFrame, useScreenSize } from './screen-frame.tsx';
import { isInterrupt, keysOf } from './screen-keys.ts';

interface TopAppProps {
  session: TopSession;
  style: Style;
  nowMs: () => number;
}

/** `codi top` on the screen. */
export function topView(props: TopAppProps): ReactNode {
  return <TopApp {...props} />;
}

/** The session's state as a picture, and keys to the session. */
function TopApp({ session, style, nowMs }: TopAppProps): ReactNode {
  const state = useSyncExternalStore(session.subscribe, session.state);
  const size = useScreenSize();
  useInput((input, key) => {
    if (isInterrupt(input, key)) session.quit();
    else for (const pressed of keysOf(input, key)) session.press(pressed);
  });
  const screen = topScreen(state, { ...size, style, nowMs: nowMs() });
  const { pageRows, scrollMax } = screen;
  useEffect(() => session.measured(pageRows, scrollMax), [session, pageRows, scrollMax]);
  return <ScreenFrame {...size} {...screen} />;
}
