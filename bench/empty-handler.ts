import type { Handler } from '@upload-once/processor';

/** Does nothing: what is left is what a run of a handler costs by itself. */
export const handleUpload: Handler = async () => {};
