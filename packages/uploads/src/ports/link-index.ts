/** The sort keys of a partition of the table `uploads`, for those that have too many items to be read at once. */
export interface LinkIndex {
  /**
   * The greatest sort keys of a partition, the greatest first: at most `most`, and only those below `before`, if it is given. One
   * strongly consistent Query.
   */
  greatest(partition: string, most: number, before?: string): Promise<readonly string[]>;
}
