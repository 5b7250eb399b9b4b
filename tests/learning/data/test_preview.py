"""Whether there is anything new to learn, told without training and without tensorflow."""

import shutil
import subprocess
import sys

import pytest
from support.feedback_rows import add_verdict, noise, sevens
from support.model_versions import add_version, fine_tuned

import digitlab
from digitlab.errors import ParameterError
from digitlab.learning.data.preview import preview_feedback
from digitlab.settings import Settings
from digitlab.store import FeedbackStore, HomeSettings, ModelRegistry, RunLog


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """What every home makes of MNIST once, made once for all of them."""
    settings = Settings.load(tmp_path_factory.mktemp("first"), environ={})
    with FeedbackStore.open(settings) as store:
        add_verdict(store, noise(1), 4)
    preview_feedback(settings, {})
    return settings.cache


@pytest.fixture
def home(tmp_path, cache):
    """Make the settings of another home."""

    def make(name):
        settings = Settings.load(tmp_path / name, environ={})
        shutil.copytree(cache, settings.cache)
        return settings

    return make


@pytest.fixture
def settings(home):
    return home("home")


@pytest.fixture
def store(settings):
    with FeedbackStore.open(settings) as store:
        yield store


@pytest.fixture
def log(store):
    return RunLog(store.database)


@pytest.fixture
def models(settings, store):
    return ModelRegistry(settings, store.database)


def run_with(log, found, verdict, name="r1"):
    """A run that ended with `verdict` on what was found."""
    assert log.acquire_lease(name, by="ann", parameters={})
    log.finish(name, verdict, inputs_fingerprint=found.inputs_fingerprint, feedback_fingerprint=found.feedback_fingerprint)


def test_a_new_home_has_nothing_to_learn(settings):
    found = preview_feedback(settings, {})
    assert (found.new, found.base, found.examples.all) == (False, "base", ())
    assert found.reasons == ("There is no accepted correction to learn from.",)


def test_an_unknown_parameter_is_named(settings):
    with pytest.raises(ParameterError, match="'seed'") as caught:
        preview_feedback(settings, {"sed": 1})
    assert caught.value.parameter == "sed"


def test_a_correction_is_something_new(settings, store):
    add_verdict(store, noise(1), 4)
    found = preview_feedback(settings, {})
    assert (found.new, found.reasons, len(found.examples.corrections)) == (True, (), 1)


def test_confirmations_alone_are_nothing_new(settings, store):
    add_verdict(store, noise(1), 4, predicted=4)
    assert not preview_feedback(settings, {}).new


def test_a_held_correction_is_nothing_new(settings, store):
    store.review([add_verdict(store, noise(1), 4)], "held", by="curator")
    assert not preview_feedback(settings, {}).new


def test_a_correction_in_a_reviewed_home_is_new_once_it_is_accepted(settings, store):
    HomeSettings(store.database).set("review", True, by="curator")
    number = add_verdict(store, noise(1), 4)
    assert not preview_feedback(settings, {}).new
    store.review([number], "accepted", by="curator")
    assert preview_feedback(settings, {}).new


@pytest.mark.parametrize("verdict", ["promoted", "rejected"])
def test_what_a_run_has_judged_is_nothing_new(settings, store, log, verdict):
    add_verdict(store, noise(1), 4)
    run_with(log, preview_feedback(settings, {}), verdict)
    (reason,) = preview_feedback(settings, {}).reasons
    assert "run r1 judged already" in reason
    assert verdict in reason


@pytest.mark.parametrize("verdict", ["failed", "cancelled"])
def test_what_a_run_did_not_judge_is_still_new(settings, store, log, verdict):
    add_verdict(store, noise(1), 4)
    run_with(log, preview_feedback(settings, {}), verdict)
    assert preview_feedback(settings, {}).new


def test_another_seed_is_something_new(settings, store, log):
    add_verdict(store, noise(1), 4)
    run_with(log, preview_feedback(settings, {}), "rejected")
    assert preview_feedback(settings, {"seed": 2}).new


def test_one_more_correction_is_something_new(settings, store, log):
    add_verdict(store, noise(1), 4)
    run_with(log, preview_feedback(settings, {}), "rejected")
    add_verdict(store, noise(2), 4)
    assert preview_feedback(settings, {}).new


def test_one_more_confirmation_is_nothing_new_though_the_version_would_be_another(
    settings, store, log
):
    add_verdict(store, noise(1), 4)
    before = preview_feedback(settings, {})
    run_with(log, before, "rejected")
    add_verdict(store, noise(2), 4, predicted=4)
    after = preview_feedback(settings, {})
    assert not after.new
    assert after.inputs_fingerprint != before.inputs_fingerprint


def test_equal_feedback_in_two_homes_has_equal_hashes(settings, store, home):
    other = home("other")
    with FeedbackStore.open(other) as second:
        add_verdict(second, noise(2), 5, contributor="bob")
        add_verdict(second, noise(1), 4, contributor="bob")
    add_verdict(store, noise(1), 4)
    add_verdict(store, noise(2), 5)
    one, two = preview_feedback(settings, {}), preview_feedback(other, {})
    assert (one.inputs_fingerprint, one.feedback_fingerprint) == (two.inputs_fingerprint, two.feedback_fingerprint)


def test_what_looks_wrong_is_held_on_the_way_and_not_counted(settings, store):
    number = add_verdict(store, ordinary_seven(settings), 1, predicted=7)
    found = preview_feedback(settings, {})
    assert list(found.held) == [number]
    assert store.get(number).state == "held"
    assert found.reasons == ("There is no accepted correction to learn from.",)


def ordinary_seven(settings):
    """The first seven that is held when it is called a one."""
    with digitlab.open(settings.home / "trial", screening=False) as lab:
        for image in sevens(20):
            number = add_verdict(lab.feedback, image, 1, predicted=7)
            if lab.screen():
                return image
            lab.feedback.retract([number], by="ann")
    raise AssertionError("none was held")


# what the champion was taught and is accepted no more ---------------------------------------


def serve(models, *, examples, **changes):
    """Let a version serve that was taught these examples."""
    version = add_version(models, **fine_tuned(training_examples=examples, inputs_fingerprint="abc", **changes))
    models.promote(version, by="ann")
    return version


def hashes_of(found):
    return [example.digit_sha256 for example in found.examples.all]


@pytest.fixture
def withdrawn(settings, store, log, models):
    """A home whose champion knows two examples, one of them retracted; the other was judged."""
    add_verdict(store, noise(1), 4)
    run_with(log, preview_feedback(settings, {}), "rejected")
    number = add_verdict(store, noise(2), 5)
    found = preview_feedback(settings, {})
    run_with(log, found, "promoted", "r2")
    serve(models, examples=hashes_of(found), feedback_fingerprint=found.feedback_fingerprint)
    store.retract([number], by="ann")
    return settings


def test_a_lesson_that_is_withdrawn_is_something_new(withdrawn):
    found = preview_feedback(withdrawn, {})
    assert (found.withdrawn, found.new) == (1, True)


def test_a_champion_without_the_withdrawn_lesson_that_was_refused_is_not_tried_again(
    withdrawn, log
):
    run_with(log, preview_feedback(withdrawn, {}), "rejected", "r3")
    assert not preview_feedback(withdrawn, {}).new


def test_a_champion_without_the_withdrawn_lesson_has_nothing_new(settings, store, log, models):
    add_verdict(store, noise(1), 4)
    gone = add_verdict(store, noise(2), 5)
    serve(models, examples=hashes_of(preview_feedback(settings, {})))
    store.retract([gone], by="ann")
    found = preview_feedback(settings, {})
    run_with(log, found, "promoted", "r3")
    serve(models, examples=hashes_of(found), feedback_fingerprint=found.feedback_fingerprint)
    (reason,) = preview_feedback(settings, {}).reasons
    assert "run r3 judged already" in reason


def test_where_all_lessons_were_withdrawn_a_run_unlearns_them(settings, store, models):
    number = add_verdict(store, noise(1), 4)
    serve(models, examples=hashes_of(preview_feedback(settings, {})))
    store.retract([number], by="ann")
    found = preview_feedback(settings, {})
    assert (found.new, found.withdrawn, found.examples.all) == (True, 1, ())
    models.promote("base", by="ann")
    assert not preview_feedback(settings, {}).new


def test_the_base_that_the_champion_came_from_is_where_a_run_starts(settings, models):
    base = add_version(models)
    models.promote(base, by="ann")
    serve(models, examples=[], parent=base)
    assert preview_feedback(settings, {}).base == base


# through the facade, and lightly ---------------------------------------------------------------


def test_the_lab_answers_nothing_new_without_a_process_or_a_notebook(tmp_path):
    with digitlab.open(tmp_path / "lab") as lab:
        run = lab.fine_tune()
        assert (run.outcome, run.notebook, run.trigger) == ("nothing-new", None, "notebook")
        assert run.reasons == ("There is no accepted correction to learn from.",)
        assert lab.runs.recent() == [run]


def test_the_lab_names_a_parameter_that_is_none(tmp_path):
    with digitlab.open(tmp_path / "lab") as lab, pytest.raises(ParameterError, match="'sed'"):
        lab.fine_tune(sed=1)


def test_looking_loads_nothing_heavy(settings, store):
    add_verdict(store, noise(1), 4)
    code = (
        "import sys\n"
        "from digitlab.learning.data.preview import preview_feedback\n"
        "from digitlab.settings import Settings\n"
        f"assert preview_feedback(Settings.load({str(settings.home)!r}), {{}}).new\n"
        "heavy = ('tensorflow', 'keras', 'pandas', 'papermill', 'matplotlib')\n"
        "print([m for m in heavy if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
