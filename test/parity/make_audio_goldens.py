"""Writes the goldens of log-mel features: what Transformers, Kaldi and librosa say they should be.

    python3 -m venv /tmp/audio && /tmp/audio/bin/pip install transformers==5.24.0 kaldi-native-fbank==1.23.0 librosa==0.11.0
    /tmp/audio/bin/python test/parity/make_audio_goldens.py     # rewrites test/parity/goldens/audio-features.json

The sound is a formula that audio-features.test.ts computes again, in steps of 16 bits, so that both sides have the same
numbers. The golden holds, row-major [frames, bands] with seven digits,

    seamless  {samples: {mask, features}}  SeamlessM4TFeatureExtractor, of an odd and an even number of frames
    kaldi     {samples, features}          kaldi-native-fbank without dither, samples times 32768, not normalised
    whisper   {samples, features}          WhisperFeatureExtractor without padding
    librosa   [{sampleRate, samples, filters, features}]  its filters, and ln(max(1e-5, .)) of its melspectrogram
"""
import json, pathlib
import kaldi_native_fbank, librosa, numpy as np
from transformers import SeamlessM4TFeatureExtractor, WhisperFeatureExtractor

PATH = pathlib.Path(__file__).parent / "goldens" / "audio-features.json"


def sound(samples, rate):
    noise, state = [], 1
    for _ in range(samples):
        state = (1664525 * state + 1013904223) % 2**32
        noise.append(state / 2**31 - 1)
    t = np.arange(samples) / rate
    tones = 0.3 * np.sin(2 * np.pi * 220 * t) + 0.2 * np.sin(2 * np.pi * 1370 * t)
    chirp = 0.2 * np.sin(2 * np.pi * (300 * t + 20000 * t * t))
    swell = 0.1 + np.abs(np.sin(2 * np.pi * 7 * t))
    return (np.round(32768 * (swell * (tones + chirp) / 1.1 + 0.01 * np.array(noise))) / 32768).astype(np.float32)


def numbers(x):
    return [float(f"{v:.7g}") for v in np.asarray(x, np.float64).ravel()]


def seamless(samples):
    found = SeamlessM4TFeatureExtractor()(sound(samples, 16000), sampling_rate=16000, return_tensors="np")
    return dict(mask=found["attention_mask"][0].tolist(), features=numbers(found["input_features"][0]))


def kaldi(samples):
    options = kaldi_native_fbank.FbankOptions()
    options.frame_opts.dither, options.frame_opts.samp_freq = 0, 16000
    options.mel_opts.num_bins = 80
    fbank = kaldi_native_fbank.OnlineFbank(options)
    fbank.accept_waveform(16000, (32768 * sound(samples, 16000)).tolist())
    fbank.input_finished()
    return dict(samples=samples, features=numbers([fbank.get_frame(i) for i in range(fbank.num_frames_ready)]))


def whisper(samples):
    found = WhisperFeatureExtractor()(sound(samples, 16000), sampling_rate=16000, padding=False, return_tensors="np")
    return dict(samples=samples, features=numbers(found["input_features"][0].T))


def slaney(rate, samples, fft, bands):
    filters = librosa.filters.mel(sr=rate, n_fft=fft, n_mels=bands)
    mel = librosa.feature.melspectrogram(
        y=sound(samples, rate), sr=rate, n_fft=fft, hop_length=fft // 4, n_mels=bands, power=1, pad_mode="reflect"
    )
    features = numbers(np.log(np.maximum(1e-5, mel)).T)
    return dict(sampleRate=rate, samples=samples, filters=numbers(filters.sum(1)), features=features)


golden = dict(
    seamless={n: seamless(n) for n in (1360, 1200)},
    kaldi=kaldi(1360),
    whisper=whisper(1300),
    librosa=[slaney(8000, 500, 256, 64), slaney(16000, 700, 512, 80)],
)
PATH.write_text(json.dumps(golden, separators=(",", ":")) + "\n")
