import { writeFileSync } from "node:fs";
import { crc32, deflateSync } from "node:zlib";

const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const ends = Buffer.alloc(8);
  ends.writeUInt32BE(data.length, 0);
  ends.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([ends.subarray(0, 4), body, ends.subarray(4)]);
};

/** Writes a picture of soft hills under a low sun, width x height pixels: a photograph's stand-in. */
export function pngOf(file: string, width: number, height: number): void {
  const rows = Buffer.alloc(height * (1 + width * 3));
  const [sunX, sunY] = [width * 0.7, height * 0.34];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const [across, down] = [x / width, y / height];
      const glow = Math.max(0, 1 - Math.hypot(x - sunX, y - sunY) / (width * 0.5));
      let colour: readonly number[] = [90 + 150 * down + 80 * glow, 140 + 50 * down + 60 * glow, 190 - 50 * down + 20 * glow];
      if (Math.hypot(x - sunX, y - sunY) < height * 0.06) colour = [255, 244, 214];
      [0.5, 0.62, 0.76].forEach((base, hill) => {
        const ridge = base + 0.06 * Math.sin(across * (4 + hill) + hill * 2.1) + 0.025 * Math.sin(across * 11 + hill * 1.3);
        if (down > ridge) colour = [88 - 26 * hill, 122 - 28 * hill, 128 - 38 * hill];
      });
      rows.set(
        colour.map((value) => Math.min(255, Math.round(value))),
        y * (1 + width * 3) + 1 + x * 3,
      );
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  writeFileSync(file, Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]));
}
