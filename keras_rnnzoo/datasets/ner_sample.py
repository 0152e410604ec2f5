"""A small generated set of sentences with people (PER), places (LOC) and organisations (ORG).

Every sentence is written by the templates below, from a fixed seed; none is taken from anywhere.
Surnames, places and companies share one list of names put together from syllables (a likeness to
real ones is chance), so that "Halmere" alone says nothing: its sentence decides. Some first names
are ordinary words ("Rose", "Will") that also occur as such, first in a sentence too. One sentence
in ten is written in small letters. Validation and test draw half of their names from lists that
training never sees, so whoever learns each word's tag by heart finds few of the entities.
"""

import random

SIZES = (600, 150, 150)
HEADS = (
    "Hal", "Tor", "Bren", "Kel", "Wes", "Dun", "Lind", "Cor", "Fen", "Gar", "Ors", "Pen", "Quil",
    "Rav", "Sel", "Thur", "Vel", "Yar", "Oster", "Mard",
)  # fmt: skip
TAILS = (
    "mere", "wick", "brook", "low", "by", "dale", "stead", "croft", "ley", "gate", "holm", "combe",
)  # fmt: skip
FIRST = (
    "Alma", "Bruno", "Carla", "Dario", "Elin", "Farid", "Greta", "Hugo", "Ines", "Jonas", "Kira",
    "Levin", "Mila", "Nadia", "Oskar", "Petra", "Rafik", "Sonja", "Tariq", "Ulla", "Viktor",
    "Wanda", "Yusuf", "Zora",
)  # fmt: skip
# Names that are words, too: as such they occur in PLAIN, which all parts share.
WORDS = (
    "Rose", "Will", "Mark", "Hope", "Grace", "Bill", "Dawn", "Frank", "Penny", "Chase", "Summer",
    "Grant",
)  # fmt: skip
TRADES = ("Motors", "Bank", "Foods", "Airlines", "Energy", "Press", "Software", "Textiles")
TITLES = ("Mr", "Ms", "Dr", "Professor", "Mayor")
WHEN = (
    "on Monday", "in March", "last week", "on Friday evening", "yesterday", "in June", "this year",
)  # fmt: skip

OTHERS = {"title": TITLES, "when": WHEN}
PLACES = ("New {}", "Port {}", "Upper {}", "Lake {}", "{} Bay")
FIRMS = (
    *(f"{{}} {trade}" for trade in TRADES), "{} & Sons", "University of {}", "Bank of {}",
    "{} City Council", "{} United",
)  # fmt: skip

# {per}, {loc} and {org} are entities of any form; {per_last} is a surname. {per_one}, {loc_one} and
# {org_one} are bare names, which only the words around them tell from one another.
TEMPLATES = (
    "{per} said that the road to {loc} would open {when}",
    "{per} was born in {loc} and works for {org}",
    "{title} {per_last} told reporters in {loc} that nobody was hurt",
    "{title} {per_last} , who leads {org} , resigned {when}",
    "{title} {per_last} and {per} met {when}",
    "shares in {org} fell after {per} sold hers",
    "shares in {org_one} rose {when}",
    "{org_one} cut three hundred jobs at its plant near {loc}",
    "{org_one} and {org} merged {when}",
    "the board of {org_one} will meet {when}",
    "{org} hired {per} {when}",
    "{org} opened an office in {loc_one} {when}",
    "people in {loc_one} waited for the train to {loc}",
    "it rained in {loc_one} {when}",
    "the mayor of {loc_one} thanked {per}",
    "{per} moved from {loc_one} to {loc}",
    "{per_one} laughed and closed the door",
    "{per_one} met her brother {when}",
    "{per_one} , a teacher from {loc} , wrote to {org}",
    "my neighbour {per_one} sings in the choir",
    "my neighbour {per_one} drives a van for {org}",
    "the village of {loc_one} lies north of {loc}",
    "the firm , {org_one} , makes shoes",
    "a fire in {loc} destroyed a warehouse of {org} {when}",
    "the match between {loc_one} and {loc} ended in a draw",
    "{per} of {org} answered no questions",
    "letters to {per} were found in {loc} {when}",
    "will {per_one} come to {loc} {when}",
    "{per} beat {per} {when}",
    "did {org_one} pay its workers {when}",
    # Here what decides stands far behind the name.
    "{per_last} , once the pride of the whole valley , coached {org}",
    "{loc_one} , once the pride of the whole valley , was flooded {when}",
    "{org_one} , once the pride of the whole valley , went bankrupt {when}",
    "{per_last} and the two old men from {loc} shook hands",
    "{loc_one} and the two villages to the north were flooded {when}",
    "{org_one} and the two banks that own half of {org} merged {when}",
)
PLAIN = (
    "will it rain {when}", "the bill will be paid {when}", "rose bushes grow along the wall",
    "hope faded as the hours passed", "mark the date and grant them some time",
    "dawn broke over the harbour {when}", "summer came late {when}",
    "a penny for the man at the gate", "the chase ended near the river {when}",
    "frank words were spoken at the meeting {when}", "prices rose again {when}",
    "grace is what the dancer had", "will the bank mark the bill",
    "the motors of both boats failed {when}", "nobody at the airport knew why",
    "new rules for foods and textiles were read out {when}",
    "the mayor and a professor argued {when}", "the press waited outside {when}",
    "bill after bill was sent back", "chase the dog away from the roses",
    "summer and winter look alike here", "penny by penny they saved the money",
    "grant money was spent {when}", "the old university is closed {when}",
)  # fmt: skip
PLAIN_SHARE = 0.25
JOINED_SHARE = 0.3
SMALL_SHARE = 0.1


def splits(sizes=SIZES, seed=2003):
    """Write the sample: train, validation and test, without a sentence in common.

    Args:
        sizes: how many sentences each part has.
        seed: of the templates. The default never changes, nor does the sample it gives.

    Returns:
        For each part a pair `(tokens, tags)`: for each sentence a list of tokens, and a list of
        tags in IOB2.

    Raises:
        ValueError: a size below 1.

    Example:

    >>> (tokens, tags), _, _ = splits()
    >>> len(tokens), len(tags)
    (600, 600)
    """
    if any(size < 1 for size in sizes):
        raise ValueError(f"Sizes must be positive. Received: sizes={sizes!r}")
    draw = random.Random(seed).random
    known, unseen = _name_lists(draw)
    seen, parts = set(), []
    for k, size in enumerate(sizes):
        tokens, tags = [], []
        while len(tokens) < size:
            words, labels = _sentence(draw, [known, unseen] if k else [known])
            if tuple(words) not in seen:
                seen.add(tuple(words))
                tokens.append(words)
                tags.append(labels)
        parts.append((tokens, tags))
    return parts


def _pick(draw, options):
    # `random.choice` may change between versions of Python, `random.random` does not.
    return options[int(draw() * len(options))]


def _name_lists(draw):
    """Two sets of lists of names: those of training, and those it never sees."""
    places = [head + tail for head in HEADS for tail in TAILS]
    known, unseen = {}, {}
    for kind, names in (("place", places), ("first", FIRST), ("word", WORDS)):
        mixed = sorted(names, key=lambda _: draw())
        cut = len(mixed) * 3 // 5
        known[kind], unseen[kind] = mixed[:cut], mixed[cut:]
    return known, unseen


def _sentence(draw, lists):
    """One clause or two: tokens and tags."""
    words, labels = _clause(draw, lists)
    if draw() < JOINED_SHARE:
        more_words, more_labels = _clause(draw, lists)
        words, labels = [*words, ",", "and", *more_words], [*labels, "O", "O", *more_labels]
    end = "?" if words[0] in ("will", "did") else "."
    if draw() < SMALL_SHARE:
        words = [word.lower() for word in words]
    else:
        words[0] = words[0][0].upper() + words[0][1:]
    return [*words, end], [*labels, "O"]


def _clause(draw, lists):
    words, labels = [], []
    for word in _pick(draw, PLAIN if draw() < PLAIN_SHARE else TEMPLATES).split():
        slot, _, form = word.strip("{}").partition("_")
        if not word.startswith("{"):
            filling, kind = [word], None
        elif slot in OTHERS:
            filling, kind = _pick(draw, OTHERS[slot]).split(), None
        else:
            filling, kind = _name(draw, lists, slot, form), slot.upper()
        words += filling
        labels += [f"{'I' if k else 'B'}-{kind}" if kind else "O" for k in range(len(filling))]
    return words, labels


def _name(draw, lists, kind, form):
    """The words of a name; `form` asks for a surname ("last") or for a bare name ("one")."""

    def one(group):
        return _pick(draw, _pick(draw, lists)[group])

    def first():
        # One first name in ten is that of a place.
        number = draw()
        return one("first" if number < 0.5 else "word" if number < 0.9 else "place")

    if kind == "per":
        return [one("place")] if form == "last" else [first()] if form else [first(), one("place")]
    bare = form or draw() < 0.4
    forms = ["{}"] if bare else PLACES if kind == "loc" else FIRMS
    return _pick(draw, forms).format(one("place")).split()
