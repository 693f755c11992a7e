/**
 * Runs work with a signal that is aborted after some time, or with another signal. The work is to heed it and come to an end.
 *
 * Not AbortSignal.any with AbortSignal.timeout: Node 20 loses such a timeout in the next garbage collection, and it never comes.
 *
 * @param milliseconds until the work's signal is aborted
 */
export async function within<T>(
  milliseconds: number,
  signal: AbortSignal | undefined,
  work: (limit: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const abort = (): void => limit.abort(signal?.reason);
  const timer = setTimeout(abort, milliseconds);
  signal?.addEventListener("abort", abort, { once: true });
  if (signal?.aborted) abort();
  try {
    return await work(limit.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}
