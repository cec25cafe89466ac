/**
 * Writes music after MIDI files of yours: a small decoder reads bars, positions, notes and their lengths, word after
 * word (REMI, in MidiTok's spelling), in keys around the piece's own. `--data.files` takes files, folders and globs,
 * `--data.path` a folder or a zip such as POP909's.
 *
 *   npx autodidact train music-remi --data.files "midi/**\/*.mid" --out runs/songs
 *   npx autodidact generate runs/songs --bars 16 --tempo 96 --out song.mid
 */
import { defineRecipe } from "autodidact";

export default defineRecipe({
  data: { format: "music" },
  features: { kind: "remi", transpose: 5, infill: 0.2 },
  model: { kind: "llama", contextLength: 768, numLayers: 5, numHeads: 6, width: 192, hiddenWidth: 512 },
  objective: { kind: "nextToken" },
  optimizer: {
    kind: "muon",
    lr: 7e-3,
    adamwLr: 7e-3,
    weightDecay: 0.1,
    averageDecay: 0.995,
    schedule: { kind: "cosine", warmupSteps: 100, finalFactor: 0.02 },
  },
  training: { batchSize: 6, steps: 1500, evaluateEvery: 150, checkpointEvery: 150 },
});
