"""Data-set cards: the facts about a target data set."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple


class Recipe(NamedTuple):
    """Hyper-parameters of fine-tuning that differ between targets; the others are in the stage's base config.

    Attributes:
        source: Origin of the values.
        gpus: Number of processes that `batch_size` assumes.
        batch_size: Clips per process and step.
        lr: Learning rate for a total batch of 256; it is scaled to the real one.
        epochs: Epochs, 5 of them warm-up.
        frame_interval: Stride between sampled frames; 0: 16 frames spread over the whole clip.
    """

    source: str
    gpus: int = 4
    batch_size: int = 40
    lr: float = 1e-3
    epochs: int = 100
    frame_interval: int = 4


class Folds(NamedTuple):
    """How clips are held out in turn.

    Attributes:
        rule: Where the folds come from.
        number: Number of values held out in turn; None if it depends on the version of the set.
        column: Column of the list that names them: 'fold', or 'subject' (leave one subject out).
        test_sizes: Test clips per fold, if published.
        only: The one value held out of a set with a fixed test part; '' if it is an argument.
    """

    rule: str
    number: int | None
    column: Literal['fold', 'subject'] = 'fold'
    test_sizes: tuple[int, ...] = ()
    only: str = ''


class Result(NamedTuple):
    """A published result of another method.

    Attributes:
        method: The method, with its size if it has several.
        values: The card's `result_metrics`, in percent; None for those that are not published.
        kind: Modalities, and how the model was trained before.
        protocol: How the figures were obtained; '' if it is not known.
        year: Year of publication; None if it is not known.
    """

    method: str
    values: tuple[float | None, ...]
    kind: str = ''
    protocol: str = ''
    year: int | None = None


@dataclass(frozen=True, kw_only=True)
class Card:
    """One target data set: what it holds, how it is split, scored and trained on.

    Attributes:
        name: Name in configs and of the folder `data/<name>`.
        title: Name in print.
        task: What is predicted: classes, numbers, or classes of micro-expressions.
        classes: Class names in index order.
        label_map: Name in the list → class, or None to leave the clip out; {} if the list has the classes.
        class_file: File with one class name per line, if the names are in the official lists only.
        file_classes: Number of names in that file.
        dims: Columns with the numbers to regress, in order.
        family: Name shared by sets with common clips or subjects; ids and subjects are unique within it.
        modalities: Modalities of a clip.
        paper_clips: Clips as the paper of AVF-MAE++ counts them; None if it does not use the set.
        clips: Clips of a complete list, without those that are dropped.
        class_counts: Clips per class in index order, if published.
        folds: How clips are held out.
        subjects: Content of the list's column `subject`; '' if the set does not name its subjects.
        metrics: Reported metrics.
        key: The metric by which checkpoints are compared.
        result: How the folds are reported: the mean of their scores, or the score of their pooled predictions.
        group_by: Column of the list by which scores are averaged before anything is measured; '' for none.
        licence: Terms of use.
        obtain: Where to request it.
        result_metrics: Metrics of the published results, which are in percent.
        results: Published results of AVF-MAE++ by size 'b', 'l', 'h'; 'any' if the size is not stated; {} if its paper
            does not use the set.
        competitor: The best other method in the paper's tables, and its results; None without `results`.
        others: Results of other methods that are not in the paper's tables, most of them newer.
        without_psi: The paper omits supervised post-pre-training for this set.
        recipe: Hyper-parameters.
        size_recipes: Hyper-parameters of model sizes that differ.
        list_file: The list, relative to the set's folder.
        composite: Sets that are trained on and tested together, including this one; () for this one alone.
        notes: Further facts.
    """

    name: str
    title: str
    task: Literal['classification', 'regression', 'micro-expression'] = 'classification'
    classes: tuple[str, ...] = ()
    label_map: Mapping[str, str | None] = field(default_factory=dict)
    class_file: str = ''
    file_classes: int = 0
    dims: tuple[str, ...] = ()
    family: str
    modalities: tuple[Literal['video', 'audio'], ...] = ('video', 'audio')
    paper_clips: int | None = None
    clips: int
    class_counts: tuple[int, ...] = ()
    folds: Folds
    subjects: str = ''
    metrics: tuple[str, ...] = ('war', 'uar', 'wa_f1', 'macro_f1')
    key: str = 'war'
    result: Literal['mean', 'pooled'] = 'mean'
    group_by: str = ''
    licence: str
    obtain: str
    result_metrics: tuple[str, ...] = ('UAR', 'WAR')
    results: dict[str, tuple[float, ...]] = field(default_factory=dict)
    competitor: tuple[str, tuple[float, ...]] | None = None
    others: tuple[Result, ...] = ()
    without_psi: bool = False
    recipe: Recipe
    size_recipes: dict[str, Recipe] = field(default_factory=dict)
    list_file: str = 'lists/all.csv'
    composite: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def num_classes(self) -> int:
        """Number of classes; 0 for regression."""
        return len(self.classes) or self.file_classes

    def recipe_of(self, size: str) -> Recipe:
        """Return the hyper-parameters for model size 'b', 'l' or 'h'."""
        return self.size_recipes.get(size, self.recipe)
