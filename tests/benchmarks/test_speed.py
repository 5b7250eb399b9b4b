"""The benchmark of speed on small photographs."""

import json


def test_the_benchmark_times_both_sizes_and_the_network(capsys, monkeypatch):
    import speed

    monkeypatch.setattr(speed, "SIDES", dict.fromkeys(speed.SIDES, 200))
    speed.main(["--pictures", "1", "--runs", "1", "--json"])
    times = json.loads(capsys.readouterr().out)
    assert set(times) == set(speed.MAX_MS)
    assert all(len(medians) == 1 and medians[0] > 0 for medians in times.values())
