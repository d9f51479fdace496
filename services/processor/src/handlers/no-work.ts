import type { Handler } from '../handler.ts';

/** The handler that ships: it does nothing. The processor itself logs each upload. */
export const handleUpload: Handler = async () => {};
