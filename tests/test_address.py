from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lstmvis_panel import address
from lstmvis_panel.documents import documents_of
from lstmvis_panel.session import Session
from tests.drawn import recording_of

RECORDING = recording_of("abCdeabCde", ".##....##.", "####......", documents="0000011111")

# A name with every sign that stands between names.
STACKED = RECORDING.assign({"a,b@c": RECORDING.cell.rename(cell_state="x").assign_attrs(RECORDING.cell.attrs)})


def replayed(session: Session) -> Session:
    search = address.encoded(address.written(session))
    restored = address.read(session.recording, address.parsed(search))
    assert restored.notices == []
    return Session(session.recording, session.project, **restored.values)


@given(
    position=st.integers(0, 9),
    span=st.none() | st.sampled_from([(0, 1), (1, 3), (5, 10)]),
    threshold=st.integers(-2000, 2000).map(lambda n: n / 1000),
    limits=st.tuples(st.integers(0, 99), st.integers(0, 99)),
    word_width=st.integers(5, 80),
    mapping=st.sampled_from(["none", "match count", "capital", "place"]),
    theme=st.sampled_from(["light", "dark"]),
)
def test_what_is_written_is_read(position, span, threshold, limits, word_width, mapping, theme) -> None:
    session = Session(RECORDING, "drawn", position=position, selection=span, threshold=threshold, left=limits[0],
                      right=limits[1], word_width=word_width, mapping=mapping, theme=theme)  # fmt: skip
    other = replayed(session)
    for key in address.KEYS:
        assert getattr(other, key) == getattr(session, key), key
    assert other.selected.tolist() == session.selected.tolist()


@pytest.mark.parametrize("threshold", [123456.789, 1234567.0, 0.1234567891, -1e-9, 2.5e300, 14.0, 0.0])
def test_a_threshold_keeps_all_its_digits(threshold: float) -> None:
    session = Session(STACKED, threshold=threshold, stack=["a,b@c"], thresholds={"a,b@c": -threshold})
    other = replayed(session)
    assert (other.threshold, other.threshold_of("a,b@c")) == (threshold, -threshold)


def test_a_proposed_threshold_selects_the_same_states_in_another_visit() -> None:
    close = (RECORDING.cell.astype(float) * 1e-5 + 123456).assign_attrs(RECORDING.cell.attrs)
    session = Session(RECORDING.assign(cell=close), selection=(1, 3), left=1)
    session.propose()
    other = replayed(session)
    assert other.selected.tolist() == session.selected.tolist() == [0]


@given(
    by_hand=st.tuples(
        st.none() | st.sets(st.integers(0, 1)).map(sorted),
        st.sets(st.integers(0, 1)).map(sorted),
        st.none() | st.integers(0, 1),
    ),
    tracks=st.permutations(["capital", "place"]).map(lambda names: names[:1]) | st.just([]),
    heatmaps=st.permutations(["match count", "capital", "place"]),
    switches=st.tuples(*[st.booleans()] * 3),
    context=st.tuples(st.integers(0, 30), st.integers(1, 60), st.integers(10, 500)),
    stacked=st.booleans(),
    filters=st.tuples(
        st.none() | st.sampled_from([(1, 1), (2, 1000)]),
        st.none() | st.integers(0, 1),
        st.sampled_from(["", "a b", "capital:small place:>0.5", '/a&b|#é?/ "x,y@z"']),
        st.sampled_from(["", "a b", ' /a&b|#é?/ "x,y@z"', "/(/"]),
    ),
    meaning=st.tuples(st.sampled_from(["above", "below", "beyond"]), st.sampled_from(["value", "quantile"])),
)
def test_what_was_changed_is_written_and_read(
    by_hand, tracks, heatmaps, switches, context, stacked, filters, meaning
) -> None:
    mask, match_mask, distinct = switches
    pinned, kept, alone = by_hand
    before, after, top = context
    session = Session(STACKED, pinned=pinned, kept=kept, alone=alone, tracks=tracks, heatmaps=heatmaps, mask=mask,
                      top=top, rule=meaning[0], unit=meaning[1], match_mask=match_mask, distinct=distinct,
                      before=before, after=after, order="mean", stack=["a,b@c"] * stacked,
                      lengths=filters[0], document=filters[1], starting=filters[2], sought=filters[3],
                      thresholds={"a,b@c": 0.25} if stacked else {})  # fmt: skip
    other = replayed(session)
    for key in [*address.KEYS, "thresholds"]:
        assert getattr(other, key) == getattr(session, key), key


@pytest.mark.parametrize(
    ("key", "text", "value", "says"),
    [
        ("source", "cell9", None, "is none of cell"),
        ("position", "soon", None, "is no whole number"),
        ("position", "5000", 9, "is outside 0-9; 9 is used"),
        ("position", "-3", 0, "is outside 0-9; 0 is used"),
        ("threshold", "high", None, "is no number"),
        ("threshold", "nan", None, "is no number"),
        ("threshold", "inf", None, "is no number"),
        ("word_width", "400", 80, "is outside 5-80; 80 is used"),
        ("left", "-1", 0, "is outside 0-99; 0 is used"),
        ("selection", "3", None, "is not two step numbers"),
        ("selection", "4-2", None, "does not end after it starts"),
        ("selection", "4-4", None, "does not end after it starts"),
        ("selection", "40-50", None, "lies past the last step"),
        ("selection", "8-50", (8, 10), "ends past the last step"),
        ("selection", "3-7", None, "runs across the border of two documents"),
        ("mapping", "colour", None, "is none of none, match count, capital, place"),
        ("theme", "pink", None, "is none of light, dark"),
        ("stack", "cell9@0.3", [], "names cell9, which is not here"),
        ("tracks", "capital,colour", ["capital"], "names colour, which is not here"),
        ("pinned", "0,7,x", [0], "names states that are not here; 1 are pinned"),
        ("kept", "1,7", [1], "names states that are not here; 1 are pinned"),
        ("alone", "7", None, "is no state here"),
        ("mask", "maybe", None, "is neither yes nor no; yes is used"),
        ("top", "5000", 500, "is outside 10-500; 500 is used"),
        ("match_width", "wide", None, "as wide as there is room for"),
        ("match_width", "500", 120, "is outside 5-120; 120 is used"),
        ("lengths", "5-2", None, "is not the least and the greatest number of steps"),
        ("lengths", "0-2", None, "is not the least and the greatest number of steps"),
        ("lengths", "3", None, "matches of any length are shown"),
        ("document", "3", None, "is none of the 2 documents, which count from 1"),
        ("document", "0", None, "is none of the 2 documents"),
        ("document", "first", None, "matches in all of them are shown"),
        ("starting", "capital:huge", None, "matches are shown wherever they start"),
        ("starting", "/(/", None, "can't be read"),
        ("rule", "near", None, "is none of above, below, beyond"),
        ("unit", "percent", None, "is none of value, quantile"),
        ("order", "size", None, "is none of number, mean"),
    ],
)
def test_a_bad_value_is_put_right_and_said(key: str, text: str, value: object, says: str) -> None:
    restored = address.read(RECORDING, {key: text})
    assert restored.values.get(key) == value
    assert len(restored.notices) == 1
    assert says in restored.notices[0]
    assert f"“{text}”" in restored.notices[0]
    Session(RECORDING, **restored.values)


def test_a_threshold_that_is_no_quantile_is_put_right_and_said() -> None:
    restored = address.read(RECORDING, {"threshold": "3.5", "unit": "quantile"})
    assert restored.values == {"threshold": 1.0, "unit": "quantile"}
    assert "is no quantile, which lies between 0 and 1; 1 is used" in restored.notices[0]


def test_one_bad_value_leaves_the_others() -> None:
    restored = address.read(RECORDING, {"position": "7", "threshold": "high", "left": "2"})
    assert restored.values == {"position": 7, "left": 2}


@given(st.dictionaries(st.sampled_from([*address.KEYS, "project", "x"]), st.text(max_size=12)))
def test_no_address_breaks_the_session(query: dict[str, str]) -> None:
    restored = address.read(RECORDING, query)
    assert Session(RECORDING, **restored.values).source == "cell"


def test_documents_count_as_on_the_page() -> None:
    session = Session(RECORDING, document=1)
    assert address.written(session)["document"] == "2"
    assert documents_of(RECORDING).meant("2") == replayed(session).document == 1


def test_what_is_too_long_to_be_searched_for_is_not_written() -> None:
    assert "sought" not in address.written(Session(RECORDING, sought="x" * 100_000))


def test_unknown_names_are_left_alone() -> None:
    assert address.read(RECORDING, {"utm_source": "mail"}) == address.Restored({}, [])
