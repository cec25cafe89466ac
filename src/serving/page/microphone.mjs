// What the microphone hears, as samples of 16 bits.
import { Failure } from "./api.mjs";

export class Microphone {
  /** @type {Float32Array[]} */
  pieces = [];
  /** Samples that have not been taken. */
  waiting = 0;
  onSamples = () => {};

  /**
   * @param {AudioContext} context
   * @param {MediaStream} stream
   */
  constructor(context, stream) {
    this.context = context;
    this.stream = stream;
    this.rate = context.sampleRate;
  }

  /** Asks for the microphone. Throws `Failure` where there is none, or none may be heard. */
  static async open() {
    // Other sites than https and this machine's own get none.
    if (!navigator.mediaDevices) throw new Failure("microphone");
    // As a recogniser learned from recordings: without what makes calls pleasant.
    const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false };
    const stream = await navigator.mediaDevices.getUserMedia({ audio }).catch((error) => {
      throw new Failure("microphone", String(error.message));
    });
    const context = new AudioContext();
    await context.audioWorklet.addModule("recorder.mjs");
    const microphone = new Microphone(context, stream);
    const options = {
      numberOfOutputs: 0,
      channelCount: 1,
      channelCountMode: /** @type {const} */ ("explicit"),
    };
    const recorder = new AudioWorkletNode(context, "recorder", options);
    recorder.port.onmessage = ({ data }) => microphone.add(data);
    context.createMediaStreamSource(stream).connect(recorder);
    return microphone;
  }

  /** @param {Float32Array} piece */
  add(piece) {
    this.pieces.push(piece);
    this.waiting += piece.length;
    this.onSamples();
  }

  /** Resolves when so many samples wait, or the microphone is stopped. @param {number} count */
  async heard(count) {
    while (this.waiting < count && this.context.state !== "closed") {
      await new Promise((resolve) => {
        this.onSamples = () => resolve(undefined);
      });
    }
  }

  /** What waits. */
  take() {
    const samples = new Int16Array(this.waiting);
    let filled = 0;
    for (const piece of this.pieces) {
      for (const value of piece)
        samples[filled++] = Math.max(-32768, Math.min(32767, Math.round(value * 32768)));
    }
    this.pieces = [];
    this.waiting = 0;
    return samples;
  }

  async stop() {
    for (const track of this.stream.getTracks()) track.stop();
    if (this.context.state !== "closed") await this.context.close();
    this.onSamples();
  }
}
