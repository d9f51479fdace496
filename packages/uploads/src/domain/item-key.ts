/** The keys of the table `uploads`: the partition key, by which an upload and all that was sent under its key lie together, and the sort key. */
export interface ItemKey {
  readonly FullFilename: string;
  readonly item: string;
}
export const PARTITION_KEY = 'FullFilename';
