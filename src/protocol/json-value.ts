/**
 * What JSON can say, and integers of 64 bits exactly: those beyond 2^53 are bigint. Both codecs read
 * and write them without loss.
 */
export type JsonValue =
  null | boolean | number | bigint | string | JsonValue[] | { [key: string]: JsonValue };

/** Assigns an own property whatever its name is: `__proto__` is a key like any other here. */
export function setKey<Value>(target: Record<string, Value>, key: string, value: Value): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      configurable: true,
      writable: true,
    });
  } else {
    target[key] = value;
  }
}
