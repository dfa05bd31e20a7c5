// Errors of the engine that mean "too much": they go out to the server, which stops and starts afresh.
const TOO_MUCH = /call stack|out of memory|interrupted|string too long|array length/;

export const isLimit = (error) => TOO_MUCH.test(String(error?.message ?? error));
