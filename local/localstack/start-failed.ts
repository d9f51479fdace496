/** LocalStack and the services can't be started or stopped; the message is for the person who asked for it. */
export class StartFailed extends Error {
  override readonly name = 'StartFailed';
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
