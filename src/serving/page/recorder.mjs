// Runs where the browser makes sound: hands on what the microphone hears, 128 samples at a time.

/**
 * What TypeScript does not know of that place.
 * @typedef {object} Surroundings
 * @property {new () => { port: MessagePort }} AudioWorkletProcessor
 * @property {(name: string, processor: unknown) => void} registerProcessor
 */
const { AudioWorkletProcessor, registerProcessor } = /** @type {Surroundings} */ (
  /** @type {unknown} */ (globalThis)
);

class Recorder extends AudioWorkletProcessor {
  /** @param {Float32Array[][]} inputs */
  process([[channel]]) {
    if (channel) this.port.postMessage(channel.slice());
    return true;
  }
}

registerProcessor("recorder", Recorder);
