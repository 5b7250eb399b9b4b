"""The benchmark of label issues on mirrored digits."""

import json

FLIPPED = {"one person, 200 corrections, 20% flipped", "one of five: fifty flipped at random"}


def without_other_flipped_cases(make_cases):
    return lambda *arguments: (
        case for case in make_cases(*arguments) if "sound" in case.case or case.case in FLIPPED
    )


def test_most_flipped_labels_are_held_and_few_sound_ones(capsys, monkeypatch):
    import label_issues
    import styles

    monkeypatch.setattr(styles, "STYLES", ("mirrored",))
    for name in ("one_person_cases", "five_people_cases"):
        make_cases = without_other_flipped_cases(getattr(label_issues, name))
        monkeypatch.setattr(label_issues, name, make_cases)
    label_issues.main(["--seeds", "1", "--json"])
    rows = {row["case"]: row for row in json.loads(capsys.readouterr().out)}
    assert rows["one person, 200 corrections, 20% flipped"]["flips_held"] >= 0.8
    assert rows["one of five: fifty flipped at random"]["flips_held"] >= 0.9
    assert rows["one person, 200 corrections, sound"]["sound_held"] <= 0.05
    assert all(row["flips_held"] is None for case, row in rows.items() if "sound" in case)
