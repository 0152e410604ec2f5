"""Generated videos: what moves where."""

import numpy as np
import pytest

from keras_rnnzoo.datasets import moving_shapes


@pytest.mark.parametrize("directions", [4, 8])
def test_shapes_move_into_their_direction(directions):
    parts = moving_shapes.load((16, 8, 8), directions=directions, noise=0, verbose=False)
    clips, names = parts.train, {"right": (0, 1), "left": (0, -1), "down": (1, 0), "up": (-1, 0)}
    assert len(clips.classes) == directions
    for video, label in zip(clips.values, clips.labels):
        assert 8 <= len(video) <= 12 and video.shape[1:] == (16, 16, 1)
        # how far it moved, in a picture whose sides meet: by the phase of its first wave
        phases = [
            np.unwrap(np.angle((video[..., 0].sum(other) * wave).sum(1)))
            for other, wave in ((2, turn), (1, turn))
        ]
        moved = np.array([phase[-1] - phase[0] for phase in phases])
        wanted = np.sum([names[word] for word in clips.classes[label].split("-")], axis=0)
        assert np.array_equal(np.round(moved / np.abs(moved).max()), wanted)


turn = np.exp(2j * np.pi * np.arange(16) / 16)


def test_parts_differ_and_never_change(capsys):
    parts = moving_shapes.load((8, 8, 8))
    said = capsys.readouterr().out
    assert said.startswith("GENERATED videos") and "8 train" in said and "16 x 16" in said
    again = moving_shapes.load((8, 8, 8), verbose=False)
    assert again.checksum == parts.checksum
    assert moving_shapes.load((8, 8, 8), seed=2021, verbose=False).checksum != parts.checksum
    firsts = {part.values[0].tobytes() for part in (parts.train, parts.validation, parts.test)}
    assert len(firsts) == 3 and np.bincount(parts.test.labels).tolist() == [2, 2, 2, 2]
    assert 0.2 < parts.train.values[0].std() < 0.5


def test_numbers_that_cannot_be():
    for options, message in (
        ({"directions": 5}, "directions=5"),
        ({"sizes": (0, 4, 4)}, "sizes=0"),
        ({"frames": (1, 4)}, r"frames=\(1, 4\)"),
        ({"size": 7}, "size=7"),
        ({"noise": -1}, "noise=-1"),
    ):
        with pytest.raises(ValueError, match=message):
            moving_shapes.load(verbose=False, **{"sizes": (4, 4, 4), **options})
