"""More pictures, or a class more, for a file that was taught."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from pocketlens.calibration.gaussians import Gaussians, widen_gaussians
from pocketlens.cli.printing import print_left_out
from pocketlens.errors import DatasetError
from pocketlens.learning.folds import merge_repeats
from pocketlens.learning.linear_head import (
    Features,
    Indices,
    answer_out_of_fold,
    fit_head,
    one_blas_thread,
)
from pocketlens.metadata import Metadata
from pocketlens.metadata.provenance import Training
from pocketlens.metrics import softmax
from pocketlens.pictures.exclude_list import exclude
from pocketlens.pictures.listing import Listing, list_files
from pocketlens_export.model_file import check_out
from pocketlens_export.teach.features_file import extractor_of
from pocketlens_export.teach.finish import build, check_answers, describe, fit_heads, put_in_place
from pocketlens_export.teach.kept_features import (
    KeptFeatures,
    digest_codes,
    encode,
    even_sample,
)
from pocketlens_export.teach.learning import (
    STRENGTH,
    UNTESTED,
    UNTESTED_STRENGTH,
    Learnt,
    Task,
    make_task,
    say_untested,
)
from pocketlens_export.teach.pictures import FolderFeatures, check_classes, extract_features
from pocketlens_export.teach.progress import say
from pocketlens_export.teach.settings import Settings
from pocketlens_export.teach.taught_file import TaughtFile, describe_addition, read_taught


def add(folder: Path, file: Path, out: Path, settings: Settings, command: str) -> Metadata:
    """Adds pictures to a taught file; `out` appears, or is replaced, when all checks have passed.

    The head is fitted anew on the features that the file carries and on those of the new pictures;
    its strength stays. The classes' Gaussians are widened.

    Args:
        folder: Has one sub-folder for each class that there are new pictures of.
        file: A file by `pocketlens teach`; may be `out`.
        out: The file to write.
        settings: How the new pictures are grouped; class weights and seed are the file's.
        command: The command line, for the file.

    Returns:
        The new file's metadata.

    Raises:
        FileMissingError: There is no such folder or file.
        ModelError: The file was not taught, or cannot be read.
        DatasetError: There is nothing to add.
        ExportError: A check failed.
        FileError: `out` cannot be written.
    """
    check_out(out)
    old = read_taught(file)
    listing = list_files(folder, least=1, command="teach --add")
    if settings.exclude_list:
        [listing] = exclude([listing], settings.exclude_list)
    known = old.metadata.labels
    labels = (*known, *(label for label in listing.labels if label not in known))
    seen = extract_features(listing, extractor_of(old.body, old.metadata.preprocessing))
    new = _new_pictures(seen, listing, labels, old)
    kept = _join(old.kept, new, new.groups(settings.groups, settings.keep_repeats))
    check_classes(labels, kept.targets, folder)
    plain, groups = kept.features, kept.groups
    if not settings.keep_repeats:
        groups = merge_repeats(groups, plain, kept.targets)
    task = make_task(labels, kept.targets, groups, old.class_weights, old.training.seed)
    say_untested(task)
    say(f"fitting the head with {len(new.plain):,} pictures more")
    learnt = _learn(task, plain, new, old)
    familiarity = kept.familiarity.copy()
    familiarity[task.tested] = learnt.familiarity
    heads = fit_heads(learnt, task)
    kept = even_sample(replace(kept, groups=groups, familiarity=familiarity))
    metadata = describe(
        describe_addition(old, task, new, learnt, kept, command), learnt, task, heads
    )
    say("writing and checking the file")
    model = build(old.body, learnt, heads, kept)
    expected = softmax(learnt.head.logits(new.plain) / heads.temperature)
    check_answers(model, metadata, expected, [folder / name for name in new.read.files])
    put_in_place(model, metadata, out, old.metadata)
    return metadata


def _new_pictures(
    seen: FolderFeatures, listing: Listing, labels: tuple[str, ...], old: TaughtFile
) -> FolderFeatures:
    """Those that the file has not learnt from, with their classes among the new file's."""
    places = np.array([labels.index(label) for label in listing.labels], np.intp)
    digests = digest_codes(seen.read.digests)
    kept = dict(zip(old.kept.digests.tolist(), old.kept.targets.tolist(), strict=True))
    rows, left_out = [], []
    for row, (file, digest) in enumerate(zip(seen.read.files, digests.tolist(), strict=True)):
        if digest in kept:
            left_out.append((file, f"is in the file already, as {labels[kept[digest]]!r}"))
        else:
            rows.append(row)
    print_left_out(left_out)
    if not rows:
        raise DatasetError(f"{listing.folder}: holds no picture that the file has not learnt from")
    read = replace(
        seen.read,
        files=tuple(seen.read.files[row] for row in rows),
        digests=tuple(seen.read.digests[row] for row in rows),
        targets=tuple(places[seen.targets[rows]].tolist()),
        left_out=(*seen.read.left_out, *left_out),
    )
    return FolderFeatures(read, seen.plain[rows], seen.mirrored[rows], seen.bottleneck[rows])


def _join(kept: KeptFeatures, new: FolderFeatures, groups: Indices) -> KeptFeatures:
    """The features of all pictures, the new ones last."""
    untested = np.full(len(new.plain), np.nan, np.float32)
    both = np.concatenate([kept.groups, groups + kept.groups.max() + 1])
    return KeptFeatures(
        codes=np.concatenate([kept.codes, encode(new.plain, kept.scales)], axis=1),
        scales=kept.scales,
        targets=np.concatenate([kept.targets, new.targets]),
        groups=np.unique(both, return_inverse=True)[1],
        digests=np.concatenate([kept.digests, digest_codes(new.read.digests)]),
        familiarity=np.concatenate([kept.familiarity, untested]),
    )


def _learn(task: Task, plain: Features, new: FolderFeatures, old: TaughtFile) -> Learnt:
    """The head of all pictures; mirror images of the old ones are no longer there."""
    strength = _strength(old.training, task)
    known = (task.targets, task.folds, task.weights)
    logits = answer_out_of_fold([plain], *known, strength)
    head = fit_head([plain], task.targets, task.weights, strength)
    images = old.metadata.data.images if old.metadata.data else {}
    counts = np.array([images.get(label, 0) for label in task.labels])
    with one_blas_thread():
        gaussians, familiarity = _widen(task, new, old, counts)
    return Learnt(
        head=head,
        gaussians=gaussians,
        logits=logits[task.tested],
        familiarity=familiarity[task.tested],
        strength=strength,
        mirror=False,
    )


def _widen(
    task: Task, new: FolderFeatures, old: TaughtFile, counts: Indices
) -> tuple[Gaussians, Features]:
    """The Gaussians of all pictures, and raw numbers of each by those of the other folds."""
    widen = partial(widen_gaussians, old.gaussians, counts)
    familiarity = np.concatenate([old.kept.familiarity, np.full(len(new.plain), np.nan)])
    folds = task.folds[-len(new.plain) :]
    for fold in set(folds.tolist()) - {UNTESTED}:
        learnt, tested = folds != fold, np.flatnonzero(folds == fold)
        gaussians = widen(new.bottleneck[learnt], new.targets[learnt])
        rows = tested + len(task.folds) - len(folds)
        familiarity[rows] = -gaussians.distance(new.bottleneck[tested])
    return widen(new.bottleneck, new.targets), familiarity.astype(np.float32)


def _strength(training: Training, task: Task) -> float:
    """Mirror images doubled what the regularisation is weighed against, and are not kept."""
    first = training.head_first
    if first and first.folds:
        return first.strength * (1 + first.mirror)
    return STRENGTH if len(task.tested) else UNTESTED_STRENGTH
