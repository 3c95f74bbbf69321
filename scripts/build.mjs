// `npm run build`: compiles and leaves nothing behind that has no source.
import { build } from './setup/build.mjs';
import { ROOT } from './setup.mjs';

const { code, output } = await build(ROOT);
process.stdout.write(output);
process.exitCode = code;
