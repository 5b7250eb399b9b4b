"""Names of time zones: what is accepted, and what a wrong name probably means."""

from pathlib import Path

import pytest

from digitlab.errors import RunError
from digitlab.jobs.zones import local_zone, zone_info


@pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Calcutta", "CET", "Etc/GMT-2"])
def test_each_name_of_the_tz_database_is_accepted(name):
    assert zone_info(name).key == name


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("europe/berlin", "Did you mean Europe/Berlin?"),
        ("EUROPE/BERLIN", "Did you mean Europe/Berlin?"),
        (" Europe/Berlin ", "Did you mean Europe/Berlin?"),
        ("Berlin", "Did you mean Europe/Berlin?"),
        ("Europe/Berln", "Did you mean Europe/Berlin?"),
        ("posix/Europe/Berlin", "Did you mean Europe/Berlin?"),
        ("new york", "Did you mean America/New_York?"),
        ("America/New York", "Did you mean America/New_York?"),
        ("W. Europe Standard Time", "Did you mean Europe/Berlin?"),
        ("utc", "Did you mean UTC?"),
        ("Z", "Did you mean UTC?"),
        ("CEST", "It is an abbreviation; name a place that uses it, for example Europe/"),
        ("EDT", "for example America/New_York."),
        ("UTC+2", "or Etc/GMT-2, which is always 2 hours ahead of UTC."),
        ("-03:00", "or Etc/GMT+3, which is always 3 hours behind UTC."),
        ("GMT+1", "or Etc/GMT-1, which is always 1 hour ahead of UTC."),
        ("UTC+5:30", "Name a place, for example Europe/Berlin, or UTC."),
        ("UTC+99", "Name a place, for example Europe/Berlin, or UTC."),
        ("Mars/Olympus", "Name a place as the tz database does, for example Europe/Berlin"),
        ("Europe", "Name a place"),  # a folder of the tz database
        ("right/UTC", "Name a place"),  # counts leap seconds
        ("localtime", "Name a place"),
        ("", "Name a place"),
        ("../../etc/passwd", "Name a place"),
        ("a\0b", "Name a place"),
    ],
)
def test_a_wrong_name_is_refused_with_the_nearest_right_one(name, advice):
    with pytest.raises(RunError) as refusal:
        zone_info(name)
    assert str(refusal.value).startswith(f"There is no time zone {name!r}. ")
    assert advice in str(refusal.value)


@pytest.mark.parametrize(
    ("variable", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        (":Europe/Berlin", "Europe/Berlin"),
        ("/usr/share/zoneinfo/Asia/Tokyo", "Asia/Tokyo"),
        ("", "UTC"),
    ],
)
def test_the_variable_tz_names_the_zone_of_this_machine(variable, zone):
    assert local_zone({"TZ": variable}) == zone


@pytest.mark.parametrize(
    ("variable", "advice"),
    [
        ("europe/berlin", "Did you mean Europe/Berlin?"),
        ("CET-1CEST,M3.5.0,M10.5.0/3", "Name a place"),
        ("nonsense", "Name a place"),
    ],
)
def test_a_variable_tz_that_names_no_zone_is_refused(variable, advice):
    """The C library would silently use UTC."""
    with pytest.raises(RunError) as refusal:
        local_zone({"TZ": variable})
    assert str(refusal.value).startswith(f"The variable TZ holds {variable!r}")
    assert advice in str(refusal.value)


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """Let tzlocal and digitlab look for the files of a machine below a temporary folder."""
    from tzlocal import unix

    from digitlab.jobs import zones

    (tmp_path / "etc").mkdir()
    find = unix._get_localzone_name
    monkeypatch.delenv("TZ", raising=False)
    monkeypatch.setattr(unix, "_get_localzone_name", lambda: find(str(tmp_path)))
    monkeypatch.setattr(unix, "_cache_tz_name", None)
    monkeypatch.setattr(zones, "_LOCAL_FILES", (tmp_path / "etc" / "localtime",))
    return tmp_path / "etc"


def test_a_machine_that_names_no_zone_is_in_utc_with_a_warning(machine, caplog):
    assert local_zone({}) == "UTC"
    assert caplog.messages == ["This machine names no time zone, so times are in UTC."]


@pytest.mark.parametrize("named", ["", "Pacific/Kiritimati", "no such zone"])
def test_a_machine_whose_zone_has_no_clear_name_is_refused(machine, named):
    """A container often has another zone's rules in /etc/localtime than /etc/timezone says."""
    (machine / "timezone").write_text(named)
    (machine / "localtime").write_bytes(Path("/usr/share/zoneinfo/Europe/Berlin").read_bytes())
    with pytest.raises(RunError, match="Name one with --zone or the variable TZ"):
        local_zone({})
