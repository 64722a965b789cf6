"""From a folder of pictures to a run folder, step by step."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

from pocketlens.checking.check import check_facts
from pocketlens.checking.wording import say_findings
from pocketlens.labelled_answers import LabelledAnswers
from pocketlens.metadata import Metadata
from pocketlens.metadata.provenance import Training
from pocketlens.metrics import evaluate
from pocketlens.report.about import About
from pocketlens.report.report import write_report
from pocketlens.run_folder import REPORT, read_run
from pocketlens_train import output_folder, plots
from pocketlens_train.answers import answer
from pocketlens_train.checkpoint import SavedState, read_state
from pocketlens_train.fitting import fit
from pocketlens_train.head_first import fit_head_first
from pocketlens_train.listing import list_all
from pocketlens_train.loading import load_splits
from pocketlens_train.outcome import Outcome
from pocketlens_train.output_folder import CHECKPOINT
from pocketlens_train.plan import Plan, make_plan
from pocketlens_train.provenance import describe_data, describe_training, device, versions
from pocketlens_train.settings import Settings
from pocketlens_train.splits import Splits


def train(folder: Path, out: Path, settings: Settings) -> Metadata:
    """Trains, evaluates and fills a run folder.

    Raises:
        FileMissingError: There is no such folder, or no such teacher.
        DatasetError: Nothing can be learnt from the folder.
        ModelError: The network cannot be built, did not train, or cannot learn from the teacher.
        SettingError: A training that goes on was started with other settings.
        FileError: The run folder holds a finished run or cannot be written.
        KeyboardInterrupt: Ctrl-C; what is done so far stays, for --resume.
    """
    if settings.resume and output_folder.is_finished(out):
        return read_run(out).metadata
    begun = time.monotonic()
    listings = list_all(
        folder, settings.test, settings.outliers, settings.validation, settings.unlabelled
    )
    if settings.exclude_list:
        listings = listings.without(settings.exclude_list)
    plan = make_plan(settings, listings)
    model = plan.build()
    print(f"training {settings.arch} on {device(model)}: {plan}", flush=True)
    saved = read_state(out / CHECKPOINT)
    if saved:
        saved.check(plan.fixed())
    output_folder.prepare(out, listings.folders, resume=settings.resume)
    try:
        findings = check_facts(listings.pictures)
        say_findings(findings)
        source = plan.recipe.source(plan.preprocessing)
        splits = load_splits(listings, settings, source, plan.preprocessing, out, plan.folds)
        print(splits, flush=True)
        if saved:
            saved.check(splits.fingerprints)
        if plan.teacher:
            plan.teacher.check_split(splits)

        def publish(outcome: Outcome) -> Metadata:
            command = settings.command(folder, out)
            seconds = None if saved else round(time.monotonic() - begun)
            training = describe_training(plan, splits, command, device(model), outcome, seconds)
            metadata = _metadata(plan, splits, outcome, training)
            if plan.folds:
                output_folder.begin(out, plan.fixed() | splits.fingerprints)
            output_folder.publish(out, metadata, outcome, splits, plan, findings)
            return metadata

        if plan.tail:
            outcome = fit_head_first(model, plan, plan.tail, splits, out, publish)
        else:
            outcome = _fit_whole(model, plan, splits, out, saved)
        metadata = publish(outcome)
    except BaseException as error:
        output_folder.discard(out)
        if isinstance(error, KeyboardInterrupt) and (out / CHECKPOINT).exists():
            print(f"{out}: --resume goes on from what is done", file=sys.stderr)
        raise
    output_folder.finish(out)
    plots.write_plots(out, metadata, outcome.tested, outcome.probabilities)
    tested, probabilities = outcome.tested, outcome.probabilities
    answers = LabelledAnswers(tested.folder, tested.files, tested.targets, probabilities)
    about = About(out.resolve().name, findings=findings)
    write_report(out / REPORT, metadata, answers, about)
    return metadata


def _fit_whole(
    model: Any, plan: Plan, splits: Splits, out: Path, saved: SavedState | None
) -> Outcome:
    history, head_first = fit(model, plan, splits, out, saved)
    weights = model.get_weights()
    final = plan.build_final(weights)
    return Outcome(
        weights=weights,
        history=history,
        learnt=tuple(splits.pictures.files[row] for row in splits.train),
        tested=splits.measured,
        probabilities=answer(final, splits.measured, len(plan.labels)),
        held_out=None,
        unseen=splits.measured.files,
        unseen_folder=splits.measured.folder,
        head_first=head_first,
    )


def _metadata(plan: Plan, splits: Splits, outcome: Outcome, training: Training) -> Metadata:
    return Metadata(
        labels=plan.labels,
        preprocessing=plan.preprocessing,
        architecture=plan.settings.arch,
        metrics=evaluate(outcome.tested.targets, outcome.probabilities),
        history={name: tuple(values) for name, values in outcome.history.items()},
        training=training,
        data=describe_data(splits, plan.labels, outcome),
        versions=versions(),
    )
