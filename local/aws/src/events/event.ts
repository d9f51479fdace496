/** One message for one queue, on its way there. */
export interface EventForQueue {
  readonly id: string;
  readonly queueArn: string;
  /** For example `ObjectCreated:Post`. */
  readonly eventName: string;
  /** As it is, not URL-encoded. */
  readonly key: string;
  readonly versionId: string;
  readonly sequencer: string;
  readonly body: string;
}
