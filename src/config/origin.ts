import type { WrittenValue } from './setting.ts';

/** Where the value of a setting comes from, and as what it was written there. */
export type Origin =
  | { readonly source: 'default'; readonly written: WrittenValue | undefined }
  | {
      readonly source: 'file';
      readonly written: WrittenValue;
      readonly path: string;
      readonly line?: number;
    }
  | { readonly source: 'environment'; readonly written: WrittenValue; readonly variable: string }
  | { readonly source: 'flag'; readonly written: WrittenValue };

/** By full name of the setting (`monitor.settle`). */
export type Origins = Readonly<Record<string, Origin>>;

/** How an origin is named to people. */
export function describeOrigin(origin: Origin, setting: string): string {
  switch (origin.source) {
    case 'default':
      return 'default';
    case 'file':
      return origin.line === undefined ? origin.path : `${origin.path} line ${origin.line}`;
    case 'environment':
      return origin.variable;
    case 'flag':
      return `command line (${setting})`;
  }
}
