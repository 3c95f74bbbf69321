/** `14:02:11` in local time; with the date before it when that is another day than now. */
export function showClock(time: string, nowMs: number): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time;
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
  return dayOf(at) === dayOf(new Date(nowMs)) ? clock : `${dayOf(at)} ${clock}`;
}

/** `14:02:11.123` in local time, for what happens within seconds. */
export function showClockMs(time: string): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time;
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(twoDigits).join(':');
  return `${clock}.${at.getMilliseconds().toString().padStart(3, '0')}`;
}

/** `14:02 today`, `14:02 yesterday` or `14:02 on 2026-03-01`. */
export function showMoment(time: string, nowMs: number): string {
  const at = new Date(time);
  if (Number.isNaN(at.getTime())) return time;
  const clock = `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}`;
  const now = new Date(nowMs);
  const dayBefore = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (dayOf(at) === dayOf(now)) return `${clock} today`;
  if (dayOf(at) === dayOf(dayBefore)) return `${clock} yesterday`;
  return `${clock} on ${dayOf(at)}`;
}

function dayOf(at: Date): string {
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map(twoDigits).join('-');
}

function twoDigits(value: number): string {
  return value.toString().padStart(2, '0');
}
