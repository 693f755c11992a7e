/** IPv4 subnets as pure arithmetic. */

export interface Subnet {
  /** First address, as an unsigned 32-bit number. */
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

/** `10.213.0.0/16`; undefined for what is not an IPv4 subnet in this form. Bits beyond the prefix are cleared. */
export function parseSubnet(text: string): Subnet | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (!match) return undefined;
  const [a = 256, b = 256, c = 256, d = 256, prefix = 33] = match.slice(1).map(Number);
  if (Math.max(a, b, c, d) > 255 || prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const first = address - (address % size);
  return { first, last: first + size - 1, prefix };
}

export const formatSubnet = ({ first, prefix }: Subnet): string =>
  `${[24, 16, 8, 0].map((bits) => Math.floor(first / 2 ** bits) % 256).join(".")}/${prefix}`;

export const overlaps = (a: Subnet, b: Subnet): boolean => a.first <= b.last && b.first <= a.last;
export const contains = (outer: Subnet, inner: Subnet): boolean => outer.first <= inner.first && inner.last <= outer.last;

/** The first subnet of this prefix in the pool that overlaps none of the taken ones; it jumps over a taken one in one step. */
export function firstFree(pool: Subnet, prefix: number, taken: readonly Subnet[]): Subnet | undefined {
  const size = 2 ** (32 - prefix);
  for (let first = pool.first; first + size - 1 <= pool.last;) {
    const candidate = { first, last: first + size - 1, prefix };
    const hit = taken.find((other) => overlaps(candidate, other));
    if (!hit) return candidate;
    first = Math.ceil((hit.last + 1) / size) * size;
  }
  return undefined;
}

/** Destinations of the host's routes, from the text of /proc/net/route; the default route is none. */
export function routesOf(table: string): readonly Subnet[] {
  const swap = (hex: string): number => (hex.match(/../g) ?? []).reverse().reduce((sum, byte) => sum * 256 + parseInt(byte, 16), 0);
  return table
    .split("\n")
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [destination, mask] = [fields[1], fields[7]];
      if (destination === undefined || mask === undefined || mask === "00000000") return [];
      const size = 2 ** 32 - swap(mask);
      const first = swap(destination);
      return [{ first, last: first + size - 1, prefix: 32 - Math.log2(size) }];
    });
}
