import { fileURLToPath } from 'node:url';

// tap notes each file that a test and its child processes load, for `--changed`, which nothing here uses. Without npm's files, the tests take
// an eighth of their CPU less. Coverage leaves those out anyway. It has to be set in each process before tap's own import sets it.
process.env._TAPJS_PROCESSINFO_EXCLUDE_ = String(/[\\/](node_modules|\.tap)[\\/]|^node:/);
// tap removes .tap/processinfo when it starts, and fails if a process of another run, or of the run before, writes there at that moment. Only
// coverage is read from .tap.
if (process.env._TAPJS_PROCESSINFO_COVERAGE_ === '0')
  process.env._TAPJS_PROCESSINFO_CWD_ = fileURLToPath(new URL('../../.local/tap', import.meta.url));
