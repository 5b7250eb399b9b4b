"""The feedback preview: whether anything is new, without training and without tensorflow."""

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
    """The data that every home computes from MNIST, computed once for all of them."""
    settings = Settings.load(tmp_path_factory.mktemp("first"), environ={})
    with FeedbackStore.open(settings) as store:
        add_verdict(store, noise(1), 4)
    preview_feedback(settings, {})
    return settings.cache


@pytest.fixture
def home(tmp_path, cache):
    """Create the settings of another home."""

    def create(name):
        settings = Settings.load(tmp_path / name, environ={})
        shutil.copytree(cache, settings.cache)
        return settings

    return create


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


def finish_run(log, preview, outcome, name="r1"):
    """Add a run on the previewed feedback that ended with `outcome`."""
    assert log.acquire_lease(name, by="ann", parameters={})
    log.finish(
        name,
        outcome,
        inputs_fingerprint=preview.inputs_fingerprint,
        feedback_fingerprint=preview.feedback_fingerprint,
    )


def test_a_new_home_has_nothing_to_learn(settings):
    preview = preview_feedback(settings, {})
    assert (preview.new, preview.base, preview.examples.all) == (False, "base", ())
    assert preview.reasons == ("There was no accepted correction to learn from.",)


def test_an_unknown_parameter_is_named(settings):
    with pytest.raises(ParameterError, match="'seed'") as caught:
        preview_feedback(settings, {"sed": 1})
    assert caught.value.parameter == "sed"


def test_a_correction_is_new(settings, store):
    add_verdict(store, noise(1), 4)
    preview = preview_feedback(settings, {})
    assert (preview.new, preview.reasons, len(preview.examples.corrections)) == (True, (), 1)


def test_confirmations_alone_are_not_new(settings, store):
    add_verdict(store, noise(1), 4, predicted=4)
    assert not preview_feedback(settings, {}).new


def test_a_held_correction_is_not_new(settings, store):
    store.review([add_verdict(store, noise(1), 4)], "held", by="curator")
    assert not preview_feedback(settings, {}).new


def test_a_correction_in_a_reviewed_home_is_new_once_it_is_accepted(settings, store):
    HomeSettings(store.database).set("review", True, by="curator")
    number = add_verdict(store, noise(1), 4)
    assert not preview_feedback(settings, {}).new
    store.review([number], "accepted", by="curator")
    assert preview_feedback(settings, {}).new


@pytest.mark.parametrize("outcome", ["promoted", "rejected"])
def test_feedback_that_a_run_has_judged_is_not_new(settings, store, log, outcome):
    add_verdict(store, noise(1), 4)
    finish_run(log, preview_feedback(settings, {}), outcome)
    (reason,) = preview_feedback(settings, {}).reasons
    assert reason == f"Run r1 had judged the accepted correction already (outcome: {outcome})."


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
def test_feedback_that_a_run_did_not_judge_is_still_new(settings, store, log, outcome):
    add_verdict(store, noise(1), 4)
    finish_run(log, preview_feedback(settings, {}), outcome)
    assert preview_feedback(settings, {}).new


def test_another_seed_makes_the_feedback_new(settings, store, log):
    add_verdict(store, noise(1), 4)
    finish_run(log, preview_feedback(settings, {}), "rejected")
    assert preview_feedback(settings, {"seed": 2}).new


def test_one_more_correction_is_new(settings, store, log):
    add_verdict(store, noise(1), 4)
    finish_run(log, preview_feedback(settings, {}), "rejected")
    add_verdict(store, noise(2), 4)
    assert preview_feedback(settings, {}).new


def test_one_more_confirmation_is_not_new_although_it_changes_the_inputs(settings, store, log):
    add_verdict(store, noise(1), 4)
    before = preview_feedback(settings, {})
    finish_run(log, before, "rejected")
    add_verdict(store, noise(2), 4, predicted=4)
    after = preview_feedback(settings, {})
    assert not after.new
    assert after.inputs_fingerprint != before.inputs_fingerprint


def test_equal_feedback_in_two_homes_has_equal_fingerprints(settings, store, home):
    other = home("other")
    with FeedbackStore.open(other) as second:
        add_verdict(second, noise(2), 5, contributor="bob")
        add_verdict(second, noise(1), 4, contributor="bob")
    add_verdict(store, noise(1), 4)
    add_verdict(store, noise(2), 5)
    one, two = preview_feedback(settings, {}), preview_feedback(other, {})
    assert one.inputs_fingerprint == two.inputs_fingerprint
    assert one.feedback_fingerprint == two.feedback_fingerprint


def test_feedback_with_a_label_issue_is_held_and_not_counted(settings, store):
    number = add_verdict(store, ordinary_seven(settings), 1, predicted=7)
    preview = preview_feedback(settings, {})
    assert list(preview.held) == [number]
    assert store.get(number).state == "held"
    assert preview.reasons == (
        "There was no accepted correction to learn from.",
        "1 correction waits for review.",
    )


def ordinary_seven(settings):
    """The first seven that is held when it is labelled 1."""
    with digitlab.open(settings.home / "trial", screening=False) as lab:
        for image in sevens(20):
            number = add_verdict(lab.feedback, image, 1, predicted=7)
            if lab.screen():
                return image
            lab.feedback.retract([number], by="ann")
    raise AssertionError("none was held")


# withdrawn training examples of the champion -------------------------------------------------


def promote_trained_on(models, *, examples, **changes):
    """Promote a version that was trained on these examples."""
    changes |= {"training_examples": examples, "inputs_fingerprint": "abc"}
    version = add_version(models, **fine_tuned(**changes))
    models.promote(version, by="ann")
    return version


def hashes_of(preview):
    return [example.digit_sha256 for example in preview.examples.all]


@pytest.fixture
def withdrawn(settings, store, log, models):
    """A home whose champion was trained on two examples; one of them was retracted since.

    A run judged the other one.
    """
    add_verdict(store, noise(1), 4)
    finish_run(log, preview_feedback(settings, {}), "rejected")
    number = add_verdict(store, noise(2), 5)
    preview = preview_feedback(settings, {})
    finish_run(log, preview, "promoted", "r2")
    promote_trained_on(
        models,
        examples=hashes_of(preview),
        feedback_fingerprint=preview.feedback_fingerprint,
    )
    store.retract([number], by="ann")
    return settings


def test_a_withdrawn_training_example_is_new(withdrawn):
    preview = preview_feedback(withdrawn, {})
    assert (preview.withdrawn, preview.new) == (1, True)


def test_a_version_without_the_withdrawn_example_is_not_tried_again_if_it_was_rejected(
    withdrawn, log
):
    finish_run(log, preview_feedback(withdrawn, {}), "rejected", "r3")
    assert not preview_feedback(withdrawn, {}).new


def test_nothing_is_new_for_a_champion_without_the_withdrawn_example(settings, store, log, models):
    add_verdict(store, noise(1), 4)
    retracted = add_verdict(store, noise(2), 5)
    promote_trained_on(models, examples=hashes_of(preview_feedback(settings, {})))
    store.retract([retracted], by="ann")
    preview = preview_feedback(settings, {})
    finish_run(log, preview, "promoted", "r3")
    promote_trained_on(
        models,
        examples=hashes_of(preview),
        feedback_fingerprint=preview.feedback_fingerprint,
    )
    (reason,) = preview_feedback(settings, {}).reasons
    assert "Run r3 had judged" in reason


def test_a_run_unlearns_the_examples_if_all_were_withdrawn(settings, store, models):
    number = add_verdict(store, noise(1), 4)
    promote_trained_on(models, examples=hashes_of(preview_feedback(settings, {})))
    store.retract([number], by="ann")
    preview = preview_feedback(settings, {})
    assert (preview.new, preview.withdrawn, preview.examples.all) == (True, 1, ())
    models.promote("base", by="ann")
    assert not preview_feedback(settings, {}).new


def test_a_run_starts_from_the_base_that_the_champion_was_trained_from(settings, models):
    base = add_version(models)
    models.promote(base, by="ann")
    promote_trained_on(models, examples=[], parent=base)
    assert preview_feedback(settings, {}).base == base


# through the facade, and without heavy imports -------------------------------------------------


def test_the_lab_reports_nothing_new_without_a_process_or_a_notebook(tmp_path):
    with digitlab.open(tmp_path / "lab") as lab:
        run = lab.fine_tune()
        assert (run.outcome, run.notebook, run.trigger) == ("nothing-new", None, "notebook")
        assert run.reasons == ("There was no accepted correction to learn from.",)
        assert lab.runs.recent() == [run]


def test_the_lab_names_an_unknown_parameter(tmp_path):
    with digitlab.open(tmp_path / "lab") as lab, pytest.raises(TypeError, match="'sed'"):
        lab.fine_tune(sed=1)


def test_the_lab_names_a_parameter_out_of_range(tmp_path):
    with digitlab.open(tmp_path / "lab") as lab, pytest.raises(ParameterError, match="steps=0"):
        lab.fine_tune(steps=0)


def test_a_preview_loads_nothing_heavy(settings, store):
    add_verdict(store, noise(1), 4)
    code = (
        "import sys\n"
        "from digitlab.learning.data.preview import preview_feedback\n"
        "from digitlab.settings import Settings\n"
        f"assert preview_feedback(Settings.load({str(settings.home)!r}), {{}}).new\n"
        "heavy = ('tensorflow', 'keras', 'pandas', 'papermill', 'matplotlib', 'jinja2')\n"
        "print([m for m in heavy if m in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
