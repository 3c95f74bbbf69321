/**
 * Times of recent restarts, oldest first (OTP's restart list, in monotonic milliseconds). At most as many
 * entries as were added within the period.
 */
export type RestartWindow = readonly number[];

/** Keeps entries of `nowMs - periodMs` and later, then adds now. */
export function addRestart(window: RestartWindow, nowMs: number, periodMs: number): RestartWindow {
  const oldestMs = nowMs - periodMs;
  return [...window.filter((time) => time >= oldestMs), nowMs];
}

/** OTP compares with `>`: an intensity of N allows N restarts in the period. */
export function isExhausted(window: RestartWindow, intensity: number): boolean {
  return window.length > intensity;
}
