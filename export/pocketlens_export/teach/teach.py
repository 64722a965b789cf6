"""A folder of pictures -> a file that tells its classes apart, in seconds."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from pocketlens.calibration.gaussians import familiarity_out_of_fold, fit_gaussians
from pocketlens.cli.printing import print_note
from pocketlens.features.extractor import NAME
from pocketlens.labelled_answers import LabelledAnswers
from pocketlens.learning.linear_head import one_blas_thread
from pocketlens.metadata import Metadata
from pocketlens.metadata.provenance import Data, Taught, Training
from pocketlens.metrics import softmax
from pocketlens.pictures.exclude_list import exclude
from pocketlens.pictures.listing import list_files
from pocketlens_export.graph import Heads
from pocketlens_export.model_file import about_text, check_out
from pocketlens_export.reporting import report_on
from pocketlens_export.teach.features_file import extractor_of, load_features
from pocketlens_export.teach.finish import build, check_answers, describe, fit_heads, put_in_place
from pocketlens_export.teach.kept_features import (
    KeptFeatures,
    digest_codes,
    encode,
    even_sample,
    scales_of,
)
from pocketlens_export.teach.learning import Learnt, Task, learn_head, make_task, say_untested
from pocketlens_export.teach.pictures import FolderFeatures, check_classes, extract_features
from pocketlens_export.teach.progress import say
from pocketlens_export.teach.provenance import (
    count_images,
    describe_head,
    now,
    split_sizes,
    versions,
)
from pocketlens_export.teach.settings import Settings

_MANY = 6000
"""From more pictures than that a training learns more, and takes hours anyway."""


def teach(folder: Path, out: Path, settings: Settings, command: str) -> Metadata:
    """Teaches a folder; `out` appears, or is replaced, only when every check has passed.

    Args:
        folder: Has one sub-folder for each class.
        out: The file to write.
        settings: How.
        command: The command line, for the file.

    Returns:
        The file's metadata.

    Raises:
        FileMissingError: There is no such folder.
        DatasetError: Nothing can be learnt from it.
        ExportError: A check failed.
        FileError: `out` cannot be written.
    """
    begun = time.monotonic()
    check_out(out)
    about = about_text(settings.about) if settings.about else ""
    listing = list_files(folder, command="teach")
    if settings.exclude_list:
        [listing] = exclude([listing], settings.exclude_list)
    if len(listing.files) > _MANY:
        print_note(f"{len(listing.files):,} pictures: from so many `pocketlens train` learns more")
    features = load_features()
    seen = extract_features(listing, extractor_of(features.model, features.preprocessing))
    check_classes(listing.labels, seen.targets, folder)
    groups = seen.groups(settings.groups, settings.keep_repeats)
    task = make_task(listing.labels, seen.targets, groups, settings.class_weights, settings.seed)
    say_untested(task)
    say("fitting the head and testing each picture by one that has not seen it")
    learnt = _learn(task, seen)
    heads = fit_heads(learnt, task)
    kept = _keep(seen, task, learnt)
    metadata = Metadata(
        labels=listing.labels,
        preprocessing=features.preprocessing,
        architecture=NAME,
        about=about,
        training=Training(
            command=command,
            seed=settings.seed,
            device="CPU (onnxruntime)",
            finished=now(),
            seconds=round(time.monotonic() - begun),
            epochs=0,
            batch_size=0,
            learning_rate=0.0,
            head_first=describe_head(learnt, task, settings.class_weights),
            taught=Taught(NAME, features.sha256, len(kept.targets)),
        ),
        data=Data(
            fingerprint=seen.read.fingerprint,
            images=count_images(task),
            left_out=len(seen.read.left_out),
            split=split_sizes(task),
        ),
        versions=versions(),
    )
    metadata = describe(metadata, learnt, task, heads)
    say("writing and checking the file")
    model = build(features.model, learnt, heads, kept)
    expected = softmax(learnt.head.logits(seen.plain) / heads.temperature)
    check_answers(model, metadata, expected, [folder / file for file in seen.read.files])
    put_in_place(model, metadata, out)
    if metadata.metrics:
        report_on(out, _tested(seen, task, learnt, metadata, heads), out.with_suffix(".html"))
    return metadata


def _tested(
    seen: FolderFeatures, task: Task, learnt: Learnt, metadata: Metadata, heads: Heads
) -> LabelledAnswers:
    known = metadata.familiarity
    familiarity = None if known is None else known.of(learnt.familiarity)
    return LabelledAnswers(
        seen.read.folder,
        [seen.read.files[row] for row in task.tested],
        task.targets[task.tested],
        softmax(learnt.logits / heads.temperature),
        familiarity,
    )


def _learn(task: Task, seen: FolderFeatures) -> Learnt:
    head, logits, strength, mirror = learn_head(task, seen.plain, seen.mirrored)
    with one_blas_thread():
        gaussians = fit_gaussians(seen.bottleneck, task.targets)
        count = int(task.folds.max()) + 1
        features = [seen.bottleneck] * count
        familiarity = familiarity_out_of_fold(features, task.targets, task.folds)
    return Learnt(head, gaussians, logits, familiarity, strength, mirror)


def _keep(seen: FolderFeatures, task: Task, learnt: Learnt) -> KeptFeatures:
    scales = scales_of(seen.plain)
    familiarity = np.full(len(task.targets), np.nan, np.float32)
    familiarity[task.tested] = learnt.familiarity
    digests = digest_codes(seen.read.digests)
    codes = encode(seen.plain, scales)
    return even_sample(KeptFeatures(codes, scales, task.targets, task.groups, digests, familiarity))
