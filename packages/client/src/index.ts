export * from './errors.ts';
export { fileSha256 } from './file-sha256.ts';
export type { IssuerAccess } from './issuer-request.ts';
export type { Retries } from './issuer-retries.ts';
export {
  type CreatedLink,
  changeLink,
  createLink,
  type LinkList,
  type LinkStatus,
  listLinks,
  type NewLinkOptions,
  revokeLink,
} from './links-v1.ts';
export { requestUpload, type UploadRequest } from './request-upload.ts';
export type { Timeouts } from './time-limits.ts';
export { type UploadOptions, uploadFile } from './upload-file.ts';
export { parseForm, type UploadForm, type UploadPut } from './upload-form.ts';
export { uploadIdIn } from './upload-id.ts';
export type { UploadResult } from './upload-result.ts';
export { describeFile, type FileDescription, type FileToUpload } from './upload-source.ts';
export {
  type CreatedUpload,
  createUpload,
  getUpload,
  type NewUploadOptions,
  revokeUpload,
  type StatusWait,
  type UploadState,
  type UploadStatus,
} from './uploads-v1.ts';
export {
  type UppyAwsS3Options,
  type UppyAwsS3Source,
  type UppyFile,
  uppyAwsS3Options,
} from './uppy-aws-s3.ts';
export { FINAL_STATES, watchUpload } from './watch-upload.ts';
