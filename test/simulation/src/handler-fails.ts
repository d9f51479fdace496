/** What a handler that fails fails with. */
export class HandlerFails extends Error {
  readonly code = 'HandlerFails';
}
