/** What S3 stored. That it was stored does not mean that it is *the* upload: a form may have been used before. */
export interface UploadResult {
  /** 204, unless the form asks for another status; 200 for a PUT. */
  readonly status: number;
  readonly key: string;
  readonly sizeBytes: number;
  /** Where the bucket keeps versions and the response names it. */
  readonly versionId?: string;
  /** Without quotation marks. */
  readonly eTag?: string;
  readonly location?: string;
}
