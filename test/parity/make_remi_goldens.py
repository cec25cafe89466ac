"""Goldens of the words of REMI: MidiTok 3.1.0 (pip install miditok==3.1.0), which brings symusic.

    python3 test/parity/make_remi_goldens.py

Writes test/parity/goldens/remi.json: the vocabulary, and small pieces as MIDI files with MidiTok's words for them. The
tracks of a piece stand in the order of their programs, drums first, which is the order in which ours writes notes.
"""

import base64
import json
import random
from pathlib import Path

from miditok import REMI, TokenizerConfig
from symusic import Note, Score, Tempo, TimeSignature, Track

CONFIG = TokenizerConfig(
    pitch_range=(0, 127),
    drums_pitch_range=(0, 127),
    use_pitchdrum_tokens=True,
    beat_res={(0, 12): 4},
    num_velocities=32,
    use_tempos=True,
    num_tempos=43,
    tempo_range=(40, 250),
    use_programs=True,
    one_token_stream_for_programs=True,
    use_time_signatures=True,
    remove_duplicated_notes=True,
    time_signature_range={8: [3, 5, 6, 7, 9, 12], 4: [1, 2, 3, 4, 5, 6, 7, 8]},
    delete_equal_successive_tempo_changes=True,
    delete_equal_successive_time_sig_changes=True,
)


def piece(seed, signatures, grid, tempos, length=48):
    """Notes at multiples of `grid` ticks, 480 a quarter, in four tracks of which one is drums."""
    draw = random.Random(seed)
    score = Score(480)
    score.time_signatures = [TimeSignature(*s) for s in signatures]
    score.tempos = [Tempo(tick, tempo) for tick, tempo in tempos]
    for program, is_drum in [(0, True), (0, False), (24, False), (73, False)]:
        track = Track(program=program, is_drum=is_drum)
        for _ in range(12):
            start = draw.randrange(length) * grid
            duration = draw.randrange(1, 16) * grid
            track.notes.append(Note(start, duration, draw.randrange(128), draw.randrange(1, 128)))
        score.tracks.append(track)
    return score


PIECES = {
    "a plain piece": piece(1, [(0, 4, 4)], 120, [(0, 120)]),
    "changing meters and tempos": piece(
        2,
        [(0, 3, 4), (2880, 6, 8), (4320, 4, 4)],
        120,
        [(0, 93), (1920, 97), (1920, 141), (3360, 143), (5000 // 120 * 120, 20)],
    ),
    "meters that begin inside of a bar": piece(
        3, [(0, 4, 4), (480, 5, 4), (6000, 5, 4), (7000 // 120 * 120, 2, 4)], 120, [(0, 300)], 80
    ),
    "notes off the grid": piece(4, [(0, 4, 4)], 7, [(0, 101.5)], 900),
    "eighths off the grid": piece(5, [(0, 6, 8)], 7, [(0, 88)], 900),
    "long notes, and silence": piece(6, [(0, 2, 4)], 960, [(0, 60)]),
}


def main():
    tokenizer = REMI(CONFIG)
    special = set(tokenizer.special_tokens)
    vocabulary = [word for word, _ in sorted(tokenizer.vocab.items(), key=lambda item: item[1])]
    golden = {"words": [word for word in vocabulary if word not in special], "pieces": {}}
    for name, score in PIECES.items():
        midi = score.dumps_midi()
        words = tokenizer(Score.from_midi(midi)).tokens
        golden["pieces"][name] = {"midi": base64.b64encode(midi).decode(), "words": " ".join(words)}
    target = Path(__file__).parent / "goldens" / "remi.json"
    target.write_text(json.dumps(golden, indent=1) + "\n")
    print(target, target.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
