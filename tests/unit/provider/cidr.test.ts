import { describe, expect, it } from "@jest/globals";
import fc from "fast-check";
import { contains, firstFree, formatSubnet, overlaps, parseSubnet, routesOf } from "../../../provider/cidr";
import type { Subnet } from "../../../provider/cidr";

const subnet = (text: string): Subnet => {
  const parsed = parseSubnet(text);
  if (!parsed) throw new Error(text);
  return parsed;
};
const arbitrary = fc
  .tuple(fc.integer({ min: 0, max: 2 ** 16 - 1 }), fc.integer({ min: 18, max: 30 }))
  .map(([offset, prefix]) => subnet(`10.213.${offset >> 8}.${offset & 255}/${prefix}`));

describe("subnets", () => {
  it("are read and written", () => {
    expect(formatSubnet(subnet("10.213.5.77/27"))).toBe("10.213.5.64/27");
    expect(formatSubnet(subnet("255.255.255.255/32"))).toBe("255.255.255.255/32");
    for (const wrong of ["10.213.0.0", "10.256.0.0/16", "10.213.0.0/33", "fd00::/8", ""]) expect(parseSubnet(wrong)).toBeUndefined();
  });

  it("chosen as free lie in the pool, overlap nothing, and are the first such", () => {
    const pool = subnet("10.213.0.0/16");
    fc.assert(
      fc.property(fc.array(arbitrary, { maxLength: 40 }), fc.integer({ min: 20, max: 28 }), (taken, prefix) => {
        const size = 2 ** (32 - prefix);
        const fromStart = Array.from({ length: 2 ** (prefix - 16) }, (_, i) => ({
          first: pool.first + i * size,
          last: pool.first + (i + 1) * size - 1,
          prefix,
        }));
        const free = firstFree(pool, prefix, taken);
        expect(free).toEqual(fromStart.find((candidate) => !taken.some((other) => overlaps(other, candidate))));
        if (free) expect(contains(pool, free)).toBe(true);
      }),
    );
  });

  it("of the host's routes are read from the kernel's table, the default route left out", () => {
    const table =
      "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\neth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\ndocker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";
    expect(routesOf(table).map(formatSubnet)).toEqual(["172.17.0.0/16"]);
  });
});
