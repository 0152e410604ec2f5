"""Which tags may come first, follow one another, come last."""

import numpy as np

from keras_rnnzoo.base.options import choice, refuse_unknown
from keras_rnnzoo.tags import SCHEMES, legal


def allowed_by_scheme(names, scheme, size):
    """A dict of boolean tables: all true without a scheme.

    Raises:
        ValueError: a scheme without names of tags, tags without "O", a tag outside the scheme.
    """
    if scheme is None:
        shapes = {"transition": (size, size), "start": (size,), "end": (size,)}
        return {name: np.ones(shape, dtype=bool) for name, shape in shapes.items()}
    choice("scheme", scheme, SCHEMES)
    if names is None:
        raise ValueError(
            "A tagging scheme reads the names of tags. Pass tags=['O', 'B-PER', ...]. "
            f"Received: tags={size}, scheme={scheme!r}"
        )
    if len(set(names)) != len(names):
        raise ValueError(f"Every tag must be named once. Received: tags={names}")
    start, transition, end = legal(names, scheme)
    return {"transition": transition, "start": start, "end": end}


def allowed_by_table(given, tables, size):
    """`tables` narrowed by the user's own.

    Raises:
        TypeError: a table of an unknown name.
        ValueError: a table of another shape or not of booleans, or no path is left.
    """
    given = given or {}
    refuse_unknown(_Allowed, given, list(tables))
    for name, listed in given.items():
        table = np.asarray(listed)
        if table.shape != tables[name].shape or not np.isin(table, (0, 1)).all():
            raise ValueError(
                f"`allowed[{name!r}]` must hold booleans of shape {tables[name].shape}. "
                f"Received: allowed[{name!r}] of shape {table.shape}: {table.tolist()}"
            )
        tables = {**tables, name: tables[name] & table.astype(bool)}
    if not _reaches(tables, size):
        raise ValueError(
            "No sequence of tags is possible: no tag that may come last can be reached from one "
            f"that may come first. Received: allowed={ {k: v.tolist() for k, v in tables.items()} }"
        )
    return tables


class _Allowed:
    """Its name stands in messages about the tables."""


_Allowed.__name__ = "`allowed`"


def _reaches(tables, size):
    reached = tables["start"]
    for _ in range(size):
        reached = reached | (reached @ tables["transition"])
    return bool((reached & tables["end"]).any())
