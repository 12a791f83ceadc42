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
        frame_interval: Source frames from one sampled frame to the next; 0: 16 frames spread over the whole clip.
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
        rule: How the folds come about.
        number: Values of the column that are held out in turn; None where it depends on the version of the set.
        column: Column of the list that names them: 'fold', or 'subject' (one subject is left out at a time).
        test_sizes: Test clips per fold where published.
        only: The one value that is held out of a set with a fixed test part; '' where it is an argument.
    """

    rule: str
    number: int | None
    column: Literal['fold', 'subject'] = 'fold'
    test_sizes: tuple[int, ...] = ()
    only: str = ''


@dataclass(frozen=True, kw_only=True)
class Card:
    """One target data set: what it holds, how it is split, scored and trained on.

    Attributes:
        name: Name in configs and of the folder `data/<name>`.
        title: Name in print.
        task: What is predicted: classes, numbers, or classes of micro-expressions.
        classes: Class names in index order.
        label_map: Names in the list → class, or None where the clip is left out; {} where the list has the classes.
        class_file: File with one class name per line, where the names are in the official lists only.
        file_classes: Number of names in that file.
        dims: Columns with the numbers to regress, in order.
        family: Name that sets share which have clips or subjects in common; in it ids and subjects are unique.
        modalities: What a clip has.
        paper_clips: Clips as the paper counts them.
        clips: Clips that a complete list gives, those that are dropped not counted.
        class_counts: Clips per class where published, in index order.
        folds: How clips are held out.
        subjects: What the list's column `subject` holds; '' where the set names no subjects.
        metrics: Metrics that are reported.
        key: The one that checkpoints are compared by.
        result: What is reported of all folds: their mean, or the pooled predictions scored as one test.
        group_by: Column of the list by which scores are averaged before anything is measured; '' for none.
        licence: Terms of use.
        obtain: Where to ask for it.
        result_metrics: Metrics of the published results, which are in percent.
        results: Published results by size 'b', 'l', 'h'; 'any' where the size is not stated.
        competitor: The best other method in the paper's tables, and its results.
        without_psi: The paper skips supervised post-pre-training for this set.
        recipe: Hyper-parameters.
        size_recipes: Those of sizes that differ.
        list_file: The list, relative to the set's folder.
        composite: Sets that are trained on and tested together, this one among them; () for this one alone.
        notes: What to know besides.
    """

    name: str
    title: str
    task: Literal['classification', 'regression', 'micro-expression'] = 'classification'
    classes: tuple[str, ...] = ()
    label_map: dict[str, str | None] = field(default_factory=dict)
    class_file: str = ''
    file_classes: int = 0
    dims: tuple[str, ...] = ()
    family: str
    modalities: tuple[str, ...] = ('video', 'audio')
    paper_clips: int
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
    results: dict[str, tuple[float, ...]]
    competitor: tuple[str, tuple[float, ...]]
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
