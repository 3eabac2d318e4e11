// Calls of the core API from the server side. The address is read where it is used and never checked: unset is found out by the first visitor.
const timeoutMs = Number(process.env.UPSTREAM_TIMEOUT_MS ?? 10_000);

export const core = (path) => fetch(`${process.env.CORE_API_URL}${path}`, { signal: AbortSignal.timeout(timeoutMs) });
