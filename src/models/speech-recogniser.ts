import { linearWithBias } from "../nn/linear.js";
import { filled, normal, type Parameter } from "../nn/parameter.js";
import type { SpeechEncoder, SpeechRecogniser } from "./speech-encoder.js";

/** A linear layer over an encoder's frames, named as in Hugging Face's `Wav2Vec2BertForCTC`. */
export function speechRecogniser(encoder: SpeechEncoder, vocabSize: number): SpeechRecogniser {
  const head: Parameter[] = [
    { name: "lm_head.weight", shape: [vocabSize, encoder.width], role: "head", init: normal(0.02) },
    { name: "lm_head.bias", shape: [vocabSize], role: "vector", init: filled(0) },
  ];
  return {
    encoder,
    vocabSize,
    parameters: [...encoder.parameters, ...head],
    logits: (p, features, marks) => linearWithBias(p, encoder.encode(p, features, marks), "lm_head"),
    config: () => ({
      ...encoder.config(),
      architectures: ["Wav2Vec2BertForCTC"],
      vocab_size: vocabSize,
      pad_token_id: 0,
      ctc_loss_reduction: "mean",
      ctc_zero_infinity: true,
    }),
  };
}
