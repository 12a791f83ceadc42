"""What a data-set card holds."""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple


class Recipe(NamedTuple):
    """Hyper-parameters of fine-tuning that differ between targets; the others stand in the stage's base config.

    Attributes:
        source: Where the values come from.
        gpus: Processes that `batch_size` stands for.
        batch_size: Clips per process and step.
        lr: Learning rate for a total batch of 256; it is scaled by the real one.
        epochs: Epochs, 5 of them warm-up.
        frame_interval: Source frames from one sampled frame to the next; 0: the frames are spread over the clip.
        mix: Mixup and cutmix, and with them label smoothing of 0.1.
    """

    source: str
    gpus: int = 4
    batch_size: int = 40
    lr: float = 1e-3
    epochs: int = 100
    frame_interval: int = 4
    mix: bool = True


class Folds(NamedTuple):
    """How clips are held out in turn.

    Attributes:
        rule: How the folds come about.
        number: Values that the column takes, each held out once.
        column: Column of the list that names the part: 'fold', or 'subject' (one subject is left out at a time).
        test_sizes: Test clips per fold as published; empty where unknown.
        only: The one fold of a set with a fixed test part; '' where folds are given by argument.
    """

    rule: str
    number: int
    column: Literal['fold', 'subject'] = 'fold'
    test_sizes: tuple[int, ...] = ()
    only: str = ''


@dataclass(frozen=True, kw_only=True)
class Card:
    """One target data set: what it holds, how it is split, scored and trained on.

    Attributes:
        name: Name in configs and of the folder `data/<name>`.
        title: Name in print.
        task: What is predicted: classes, dimensions, or classes of micro-expressions.
        classes: Class names in index order.
        class_file: File with one class name per line, where the names are only in the official lists.
        num_classes: Number of classes; 0 for regression.
        dims: Columns that hold the dimensions to regress, in order.
        family: Name that sets share which share clips or subjects.
        modalities: What a clip has.
        paper_clips: Clips as the paper counts them.
        class_counts: Clips per class, where published, in index order.
        folds: How clips are held out.
        subjects: What the list's column `subject` names; '' where the set names no subjects.
        metrics: Metrics that are reported.
        key: Metric that checkpoints are compared by.
        group_by: Column of the list by which predictions are averaged before they are scored; '' for none.
        licence: Terms of use.
        obtain: Where to ask for it.
        result_metrics: Metrics of the published results, in percent.
        results: Published results per size 'b', 'l', 'h'; 'any' where the size is not stated.
        competitor: The best other method in the paper's tables, and its results.
        without_psi: The paper skips supervised post-pre-training for this set.
        recipe: Hyper-parameters for all sizes.
        size_recipes: Hyper-parameters for some sizes that differ.
        list_file: The list, relative to the set's folder.
        notes: What to know besides.
    """

    name: str
    title: str
    task: Literal['classification', 'regression', 'micro-expression']
    classes: tuple[str, ...] = ()
    class_file: str = ''
    dims: tuple[str, ...] = ()
    family: str
    modalities: tuple[str, ...] = ('video', 'audio')
    paper_clips: int
    class_counts: tuple[int, ...] = ()
    num_classes: int = 0
    folds: Folds
    subjects: str = ''
    metrics: tuple[str, ...]
    key: str
    group_by: str = ''
    licence: str
    obtain: str
    result_metrics: tuple[str, ...]
    results: dict[str, tuple[float, ...]]
    competitor: tuple[str, tuple[float, ...]]
    without_psi: bool = False
    recipe: Recipe
    size_recipes: dict[str, Recipe] = field(default_factory=dict)
    list_file: str = 'lists/all.csv'
    notes: tuple[str, ...] = ()

    def recipe_of(self, size: str) -> Recipe:
        """Return the hyper-parameters for model size 'b', 'l' or 'h'."""
        return self.size_recipes.get(size, self.recipe)
