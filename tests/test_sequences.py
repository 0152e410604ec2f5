"""Labelled sequences: checked, cut, batched, and read from files."""

import numpy as np
import pytest

from keras_rnnzoo.datasets.sequence_files import read_csv, read_parts
from keras_rnnzoo.datasets.sequences import SequenceBatches, Sequences, cut

LENGTHS = (3, 9, 4, 20, 7, 5, 17)


def walks(lengths=LENGTHS):
    """Sequences whose values tell number, step and channel apart."""
    return [
        100.0 * n + np.arange(length)[:, None] + np.array([0.0, 0.5])
        for n, length in enumerate(lengths)
    ]


def test_labels_are_names_or_numbers():
    made = Sequences(walks((2, 3, 4)), ["b", "a", "b"], channels=["x", "y"], ids=[7, 8, 9])
    assert made.classes == ("a", "b") and made.labels.tolist() == [1, 0, 1]
    assert made.channels == ("x", "y") and made.ids == ("7", "8", "9")
    assert made.lengths.tolist() == [2, 3, 4] and made.values[0].dtype == "float64"
    named = Sequences(walks((2, 3)), [1, -1])  # no classes: labels are names
    assert named.classes == ("-1", "1") and named.labels.tolist() == [1, 0]
    numbers = Sequences(walks((2, 3)), np.array([1, 0]), ("1", "0"))  # classes: they are numbers
    assert numbers.labels.tolist() == [1, 0]
    again = numbers.take([1, 0]).take([1])
    assert again.labels.tolist() == [1] and again.ids == ("0",) and len(again) == 1
    assert Sequences([[1, 2, 3]], None).values[0].shape == (3, 1)
    assert Sequences(walks((2,)), None).labels is None


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ((1, 2, 1), np.nan, "Sequence 8, step 2, channel y: expected a finite number.*nan"),
        ((0, 0, 0), -np.inf, "Sequence 7, step 0, channel x: .*-inf"),
    ],
    ids=["nan", "inf"],
)
def test_a_cell_that_is_not_finite_is_named(place, value, message):
    values = walks((4, 5))
    values[place[0]][place[1:]] = value
    with pytest.raises(ValueError, match=message):
        Sequences(values, ["a", "b"], channels=("x", "y"), ids=("7", "8"))


@pytest.mark.parametrize(
    ("values", "labels", "options", "message"),
    [
        ([], [], {}, "at least one sequence"),
        ([np.zeros((3, 2)), np.zeros((3, 3))], None, {}, r"Sequence 1: .*shape \(3, 3\)"),
        ([np.zeros((3, 2)), np.zeros((0, 2))], None, {}, "Sequence 1: .*an empty sequence"),
        ([np.zeros(3)], None, {"channels": "xy"}, r"\(time, 2\).*channels x, y"),
        ([[["a"]]], None, {}, "Sequence 0: expected numbers"),
        ([np.zeros((3, 2))], ["a", "b"], {}, "each of the 1 sequences. Received: 2 labels"),
        ([np.zeros((3, 2))], ["lefd"], {"classes": ("left", "right")}, "Did you mean 'left'"),
        ([np.zeros((3, 2))], [2], {"classes": ("left", "right")}, "label=2"),
        ([np.zeros((3, 2))], [-1], {"classes": ("left", "right")}, "label=-1"),
        ([np.zeros((3, 2))], [[1]], {"classes": ("left", "right")}, r"label=\[1\]"),
        ([np.zeros((3, 2))], [1.0], {"classes": ("left", "right")}, "label=1.0"),
        ([np.zeros((3, 2))], ["a"], {"ids": ("1", "2")}, "Received: 2 ids"),
    ],
    ids=str,
)
def test_sequences_that_cannot_be_are_refused(values, labels, options, message):
    with pytest.raises(ValueError, match=message):
        Sequences(values, labels, **options)


def test_a_cut_takes_its_share_of_every_stratum_and_loses_nothing():
    labels = ["a"] * 20 + ["b"] * 10
    strata = np.repeat([1, 2, 3], 10)
    whole = Sequences(walks([3] * 30), labels)
    parts = cut(whole, strata, share=0.2, seed=3)
    assert [len(part) for part in parts] == [18, 6, 6]
    ids = [[int(name) for name in part.ids] for part in parts]
    assert sorted(sum(ids, [])) == list(range(30)) and all(one == sorted(one) for one in ids)
    for one, count in zip(ids, (6, 2, 2)):
        assert np.bincount(strata[one])[1:].tolist() == [count] * 3
    assert ids == [[int(n) for n in part.ids] for part in cut(whole, strata, seed=3)]
    assert ids != [[int(n) for n in part.ids] for part in cut(whole, strata, seed=4)]
    for few in (["a"] * 26 + ["b"] * 4, ["a"] * 30):
        with pytest.raises(ValueError, match="5 different sequences of each"):
            cut(Sequences(walks([3] * 30), few))


# Batches


def test_batches_hold_every_sequence_once_with_its_mask_and_label():
    values, labels = walks(), [0, 1, 2, 0, 1, 2, 0]
    batches = SequenceBatches(values, labels, 3, batch_size=3, seed=5)
    assert batches.num_batches == 3
    orders = []
    for epoch in range(3):
        batches.set_epoch(epoch)
        seen = []
        for index in range(3):
            inputs, y, weight = batches[index]
            assert inputs["values"].shape[0] == 3 and inputs["values"].dtype == "float32"
            assert inputs["values"].shape[1] in batches.lengths and y.shape == (3, 3)
            for x, mask, one, w in zip(inputs["values"], inputs["mask"], y, weight):
                if w:
                    number = int(x[0, 0] // 100)
                    seen.append(number)
                    np.testing.assert_array_equal(x[mask], values[number])
                    assert mask[: LENGTHS[number]].all() and not x[~mask].any()
                    assert one.argmax() == labels[number] and one.sum() == 1
                else:
                    assert not x.any() and mask.sum() == 1
        assert sorted(seen) == list(range(7))
        orders.append(seen)
    assert orders[0] != orders[1]
    resumed = SequenceBatches(values, labels, 3, batch_size=3, seed=5)
    resumed.set_epoch(2)
    assert [int(x[0, 0] // 100) for k in range(3) for x, w in zip(
        resumed[k][0]["values"], resumed[k][2]) if w] == orders[2]  # fmt: skip


def test_predictions_come_back_in_order():
    batches = SequenceBatches(walks(), None, 2, batch_size=3, shuffle=False)
    firsts = np.concatenate([batches[k][0]["values"][:, 0, 0] for k in range(3)])
    assert (batches.restore(firsts) // 100).tolist() == list(range(7))
    assert len(batches[0]) == 1
    with pytest.raises(ValueError, match="at least one sequence"):
        SequenceBatches([], None, 2)
    with pytest.raises(ValueError, match="batch_size=0"):
        SequenceBatches(walks(), None, 2, batch_size=0)
    with pytest.raises(ValueError, match="label=2"):
        SequenceBatches(walks(), [0, 1, 2, 0, 1, 0, 1], 2)


# Files


def write(path, rows, header="id,time,x,y,label"):
    path.write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


def test_a_table_in_long_form(tmp_path):
    rows = ["b,1,1.5,2,no", "a,3,5,6,yes", "b,2,3,4e1,no", "a,4,7,-8,yes"]
    made = read_csv(write(tmp_path / "a.csv", rows))
    assert made.ids == ("b", "a") and made.classes == ("no", "yes")
    assert made.channels == ("x", "y") and made.labels.tolist() == [0, 1]
    assert made.values[0].tolist() == [[1.5, 2], [3, 40]]
    table = tmp_path / "b.csv"
    table.write_bytes("\ufeffY;Label;id;X\r\n1;p;7;2\r\n".encode())
    other = read_csv(table, channels=("X", "Y"), classes=("n", "p"))
    assert other.values[0].tolist() == [[2, 1]] and other.labels.tolist() == [1]
    bare = read_csv(write(tmp_path / "c.csv", ["a,2024-05-01,1", "a,2024-05-02,2"], "id,time,x"),
                    labelled=False)  # fmt: skip
    assert bare.labels is None and bare.values[0].tolist() == [[1], [2]]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty file"),
        (b"id,x,label\n", "no rows below line 1"),
        (b"id,x,lable\na,1,b\n", "Did you mean 'lable'"),
        (b"x,label\n1,b\n", "expected the columns id and label"),
        (b"id,label\na,b\n", "expected a channel"),
        (b"id,x,X,label\na,1,2,b\n", "a name of its own"),
        (b"id,x,label\na,1,b\na,2\n", "line 3: expected 3 cells. Received: 2"),
        (b"id,x,label\na,1,b\na,NA,b\n", "line 3, column x: .*'NA'"),
        (b"id,x,label\na,inf,b\n", "line 2, column x: .*'inf'"),
        (b"id,x,label\na,1,b\na,1,c\n", "line 3, column label: expected 'b'.*'c'"),
        (b"id,x,label\n ,1,b\n", "line 2, column id: expected a name"),
        (b"id,time,x,label\na,2,1,b\na,1,1,b\n", "line 3, column time: .*after 2.0"),
        (b"id,time,x,label\na,1,1,b\na,1,1,b\n", "line 3, column time"),
        (b"id,time,x,label\na,noon,1,b\n", "line 2, column time: .*'noon'"),
        (b"id,time,x,label\na,1,1,b\na,2024-05-01,1,b\n", "line 3, column time"),
        (b"PK\x03\x04\xff", "line 1: expected UTF-8"),
        (b"id,x\0,label\n", "a binary file"),
        (b'id,x,label\n"a,1,b\n', "the reader cannot take"),
    ],
    ids=lambda value: None if isinstance(value, bytes) else value[:20],
)
def test_a_table_that_cannot_be_read_is_told_with_its_line(tmp_path, content, message):
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"bad.csv.*{message}"):
        read_csv(path)


def test_tables_of_a_user_in_three_parts(tmp_path):
    rows = [f"{n},{n % 2 + k},{'ab'[n % 2]}" for n in range(30) for k in (n, 2 * n)]
    copies = [row.replace(",", "x,", 1) for row in rows[:20]]
    path = write(tmp_path / "all.csv", rows + copies, "id,x,label")
    parts = read_parts(path)
    assert [len(p) for p in (parts.train, parts.validation, parts.test)] == [18, 6, 6]
    assert "18 train, 6 validation, 6 test; 1 channels, 2 to 2 steps; classes a, b" in (
        parts.description
    )
    assert len(parts.checksum) == 64 and parts.checksum != read_parts(path, seed=8).checksum
    folder = tmp_path / "parts"
    folder.mkdir()
    for name in ("train", "val", "test"):
        write(folder / f"{name}.csv", rows[:8], "id,x,label")
    assert [len(p.ids) for p in (read_parts(folder).train, read_parts(folder).test)] == [4, 4]
    write(folder / "test.csv", ["0,1,c"], "id,x,label")
    with pytest.raises(ValueError, match="test.csv: Sequence 0: expected one of the classes a, b"):
        read_parts(folder)
    write(folder / "test.csv", ["0,1,c"], "id,z,label")
    with pytest.raises(ValueError, match="line 1: expected the channel 'x'"):
        read_parts(folder)
    (folder / "test.csv").unlink()
    with pytest.raises(FileNotFoundError, match="one file for test"):
        read_parts(folder)
    with pytest.raises(FileNotFoundError, match="which is none"):
        read_csv(folder / "none.csv")
