// Loaded before a program (`--import`), in its threads as well: its wall clock is off by as many milliseconds as the
// file CODI_TEST_CLOCK says, read at each call. The monotonic clock is left alone, as when somebody sets a clock.
import { readFileSync } from 'node:fs';
import process from 'node:process';

const file = process.env['CODI_TEST_CLOCK'];
const RealDate = globalThis.Date;
const now = RealDate.now.bind(RealDate);
const shifted = () => now() + (Number(readFileSync(file, 'utf8')) || 0);

globalThis.Date = class Date extends RealDate {
  constructor(...args) {
    if (args.length === 0) super(shifted());
    else super(...args);
  }

  static now() {
    return shifted();
  }
};
