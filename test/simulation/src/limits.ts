/** How long a handler may take in the model; longer than any plan but the longest. */
export const HANDLER_LIMIT_SECONDS = 120;
