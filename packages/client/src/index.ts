export * from './errors.ts';
export type { Timeouts } from './post-request.ts';
export { requestUpload, type UploadRequest } from './request-upload.ts';
export { type UploadOptions, type UploadResult, uploadFile } from './upload-file.ts';
export type { UploadForm } from './upload-form.ts';
export { describeFile, type FileDescription, type FileToUpload } from './upload-source.ts';
