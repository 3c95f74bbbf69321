/** Made when it is needed: that takes 15 ms, and most text is ASCII. */
let segmenter: Intl.Segmenter | undefined;
const ASCII_ONLY = /^[\x20-\x7e]*$/;
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|^\p{Emoji_Presentation}/u;
const ELLIPSIS = '…';

function clusterWidth(cluster: string): number {
  if (ZERO_WIDTH.test(cluster)) return 0;
  return WIDE.test(cluster) ? 2 : 1;
}

function clusters(text: string): string[] {
  segmenter ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  return Array.from(segmenter.segment(text), (part) => part.segment);
}

/** Terminal columns that a text without control characters takes. */
export function textWidth(text: string): number {
  if (ASCII_ONLY.test(text)) return text.length;
  return clusters(text).reduce((sum, cluster) => sum + clusterWidth(cluster), 0);
}

/** Pads with spaces on the right up to `width` columns; a longer text stays as it is. */
export function padRight(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - textWidth(text)));
}

/** Pads with spaces on the left up to `width` columns; a longer text stays as it is. */
export function padLeft(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - textWidth(text))) + text;
}

/** Cuts a text at the end, with an ellipsis, so that it fits `width` columns. */
export function shortenEnd(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 1) return '';
  return takeStart(clusters(text), width - 1) + ELLIPSIS;
}

/** Shortens a path in its middle so that it fits `width` columns; the end (the name) gets more room. */
export function shortenMiddle(text: string, width: number): string {
  if (textWidth(text) <= width) return text;
  if (width < 1) return '';
  const parts = clusters(text);
  const startWidth = Math.floor((width - 1) / 3);
  const start = takeStart(parts, startWidth);
  const end = takeStart(parts.toReversed(), width - 1 - textWidth(start), true);
  return start + ELLIPSIS + end;
}

function takeStart(parts: readonly string[], width: number, reversed = false): string {
  const taken: string[] = [];
  let used = 0;
  for (const part of parts) {
    const partWidth = clusterWidth(part);
    if (used + partWidth > width) break;
    used += partWidth;
    taken.push(part);
  }
  return (reversed ? taken.toReversed() : taken).join('');
}
