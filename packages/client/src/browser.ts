// What bundlers take for a page, instead of index.ts: the same names, without anything of Node.
export { describeFile, fileSha256, uploadFile } from './browser/upload-file.ts';
export * from './errors.ts';
export { requestUpload } from './request-upload.ts';
export { createUpload, getUpload, revokeUpload } from './uploads-v1.ts';
