/** WebGPU without a GPU: SwiftShader, which computes Vulkan's shaders on the processor and comes with Chromium. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { koffi } from "../../src/core/runtime/native/koffi.js";

const folders = ["/usr/lib/chromium", "/usr/lib/chromium-browser", "/opt/google/chrome"];
const [loader, driver] = ["libvulkan.so.1", "vk_swiftshader_icd.json"];

export const howToGetAdapter = `There is no SwiftShader (${driver}) in ${folders.join(", ")}. On Debian: apt-get install chromium.`;

/** As long as one is loaded, what opens "libvulkan.so.1" finds it by that name. */
const loaded: ReturnType<typeof koffi.load>[] = [];

/** Makes it the adapter of this process, before WebGPU is used; false where it is not installed. */
export function useSoftwareAdapter(): boolean {
  const home = folders.find((folder) => [loader, driver].every((name) => existsSync(join(folder, name))));
  if (!home) return false;
  process.env.VK_ICD_FILENAMES = join(home, driver);
  loaded.push(koffi.load(join(home, loader)));
  return true;
}
