// node -r ./loader.js bench/life.ts [--runs 3]: the guestbook's DEV from nothing to up (host up, images present, no volumes), and down again.
import { ensureHost } from "../tests/support/sandbox";
import { down, guestbook, keepImages, preview, up } from "./apps";
import { machine, numberOf, run, say, type Run } from "./measure";

async function main(): Promise<void> {
  const runs = numberOf("--runs", 3);
  ensureHost();
  const stage = await guestbook();
  try {
    const first = await run(up(stage));
    const images = await keepImages(stage);
    try {
      const [colds, downs, previews]: [Run[], Run[], Run[]] = [[], [], []];
      await run(down(stage));
      console.log(machine());
      for (let i = 0; i < runs; i++) {
        await images.restore();
        previews.push(await run(preview(stage)));
        colds.push(await run(up(stage)));
        downs.push(await run(down(stage)));
      }
      console.log(`up, images in the build cache only  ${say([first])}`);
      console.log(`preview of everything new           ${say(previews)}`);
      console.log(`up, images present                  ${say(colds)}`);
      console.log(`down (destroy)                      ${say(downs)}`);
      await images.restore();
      console.log(`memory of such an up                ${say([await run(up(stage), true)])}`);
      console.log(`memory of such a down               ${say([await run(down(stage), true)])}`);
    } finally {
      await images.remove();
    }
  } finally {
    await stage.clean();
  }
}

void main();
