import hooks from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';

// tap follows each promise, to say which subtest an error belongs to that nothing catches. An `await` takes 20 times its CPU with that.
// Timers, sockets and ticks say it too: what starts them is the subtest, or something that it started.
const { createHook } = hooks;
hooks.createHook = (callbacks) => createHook({ ...callbacks, trackPromises: false });
syncBuiltinESMExports();
