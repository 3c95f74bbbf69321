import type { Style } from './style.ts';

const BROKEN = /^(failed|parked|down|crashed|unresponsive)/;
const ON_THE_WAY = /^(restarting|backing|starting|stopping|retry|suspended)/;
const OVER = /^stopped/;

/** The colour of an actor's state: red where a person is needed, yellow where it passes. */
export function paintState(state: string, style: Style): (text: string) => string {
  if (BROKEN.test(state)) return style.red;
  if (ON_THE_WAY.test(state)) return style.yellow;
  return OVER.test(state) ? style.dim : style.green;
}
