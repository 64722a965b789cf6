"""From a folder of pictures to a run folder, step by step."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from pocketlens.metadata import Metadata
from pocketlens.metrics import Probabilities, evaluate
from pocketlens.run_folder import RECORD, read_run
from pocketlens_train import output_folder, plots
from pocketlens_train.batches import Batches
from pocketlens_train.checkpoint import read_state
from pocketlens_train.fitting import fit
from pocketlens_train.listing import list_all
from pocketlens_train.output_folder import CHECKPOINT
from pocketlens_train.plan import make_plan
from pocketlens_train.provenance import describe_data, describe_training, device, versions
from pocketlens_train.settings import Settings
from pocketlens_train.splits import HeldOut, load_splits


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
    if settings.resume and (out / RECORD).exists():
        return read_run(out).metadata
    listings = list_all(folder, settings.test, settings.outliers)
    plan = make_plan(settings, listings)
    model = plan.build()
    print(f"training {settings.arch} on {device(model)}", flush=True)
    saved = read_state(out / CHECKPOINT)
    if saved:
        saved.check(plan.fixed())
    output_folder.prepare(out, listings.folders, resume=settings.resume)
    try:
        source = plan.recipe.source(plan.preprocessing)
        splits = load_splits(listings, settings, source, plan.preprocessing, out)
        print(splits, flush=True)
        if plan.teacher:
            plan.teacher.check_split(splits)
        history = fit(model, plan, splits, out, saved)
        trained_on = device(model)
        final = plan.build_final(model)
        probabilities = _test_probabilities(final, splits.test, len(plan.labels))
    except BaseException as error:
        output_folder.discard(out)
        if isinstance(error, KeyboardInterrupt) and (out / CHECKPOINT).exists():
            print(f"{out}: --resume goes on from the last whole epoch", file=sys.stderr)
        raise
    metadata = Metadata(
        labels=plan.labels,
        preprocessing=plan.preprocessing,
        architecture=settings.arch,
        metrics=evaluate(splits.test.targets, probabilities),
        history={name: tuple(values) for name, values in history.items()},
        training=describe_training(plan, splits, settings.command(folder, out), trained_on),
        data=describe_data(splits, plan.labels),
        versions=versions(),
    )
    output_folder.finish(out, metadata, final, splits)
    plots.write_plots(out, metadata, splits.test, probabilities)
    return metadata


def _test_probabilities(model: Any, test: HeldOut, classes: int) -> Probabilities:
    """N x classes: what the network answers to the test pictures, the outliers' share left out."""
    count = len(test.files)
    no_targets = {"probabilities": np.zeros((count, model.outputs[0].shape[-1]), np.float32)}
    answers = model.predict(Batches([test.inputs], [no_targets], np.arange(count), 64), verbose=0)
    known = answers[:, :classes].astype(np.float64)
    return np.asarray(known / known.sum(axis=1, keepdims=True))
