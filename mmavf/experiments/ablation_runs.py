"""Runs of an ablation: variants × seeds × folds, each after the stages that it starts from."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from mmengine.config import Config

from mmavf.errors import ConfigError
from mmavf.evaluation import Predictions
from mmavf.evaluation.result_files import PREDICTIONS_FILE
from mmavf.protocol.protocol import result_over_folds

from .ablation_configs import stage_config, variant_config
from .ablation_file import Ablation, Variant
from .ablation_models import model_figures
from .ablation_results import summarise
from .fold_results import write_results
from .fold_runs import MMAVF, FoldRuns
from .process_queue import Job, ProcessQueue
from .stage_runs import StageRun


class VariantRuns(NamedTuple):
    """The fine-tunings of a variant for one seed.

    Attributes:
        variant: The variant.
        seed: Random seed.
        cfg: The config.
        runs: Its folds.
        starts: {fold: the stage's run that the fold starts from}; empty without stages.
    """

    variant: Variant
    seed: int
    cfg: Config
    runs: FoldRuns
    starts: dict[str, StageRun]

    @property
    def name(self) -> str:
        """Name in messages."""
        return f'{self.variant.name}, seed {self.seed}'

    def job(self, fold: str) -> Job:
        """Return the job that trains and tests a fold."""
        return self.runs.job(fold, f'{self.name}, ')


class AblationRuns:
    """All runs of an ablation in `<work dir>/<variant>/seed_<seed>/fold_<fold>`.

    Runs that are finished are not run again, interrupted ones continue. Stages are in a folder of their own, named
    after what their configs say, so that variants which start from the same pre-training share it.

    Args:
        ablation: What to run; see `check_ablation`.
        folds: Values to hold out in turn.
        work_dir: Where everything goes.
        devices: Values of CUDA_VISIBLE_DEVICES, one per process at a time; None leaves the variable as it is.
        stages_dir: Folder of the stages; None stands for `<work dir>/stages`.
        program: The command `mmavf`.

    Raises:
        ConfigError: A config cannot be used; `prepare` finds a folder with runs of another config.
    """

    def __init__(
        self,
        ablation: Ablation,
        folds: Sequence[str],
        work_dir: Path,
        devices: Sequence[str | None] = (None,),
        stages_dir: Path | None = None,
        program: Sequence[str | Path] = MMAVF,
    ) -> None:
        self.folds = list(folds)
        self.work_dir = work_dir
        self._devices = devices
        self._program = program
        self._stages_dir = stages_dir or work_dir / 'stages'
        self._stages: dict[str, StageRun] = {}
        self.variants = [self._plan(variant, seed) for variant in ablation.variants for seed in ablation.seeds]

    def prepare(self) -> None:
        """Make all folders, and make sure that what lies there is of these configs.

        Raises:
            ConfigError: See `FoldRuns.prepare`.
        """
        for planned in self.variants:
            try:
                planned.runs.prepare(self.folds)
            except ConfigError as error:
                raise ConfigError(f'{planned.name}: {error}') from error
        for stage in self._needed_stages():
            stage.prepare()

    def run(self, report: Callable[[str], None]) -> dict[str, str]:
        """Run whatever is not finished; a run that fails does not stop the others, except for those that start from it.

        Args:
            report: Called with a line whenever something begins or ends.

        Returns:
            {name: reason} of what failed; the name of a fine-tuning is `<variant>, seed <seed>, fold <fold>`.
        """
        stages = self._needed_stages()
        jobs = [stage.job(_name_in(stage.needs, stages)) for stage in stages]
        for planned, fold in self._unfinished():
            jobs.append(planned.job(fold)._replace(needs=_name_in(planned.starts.get(fold), stages)))
        return ProcessQueue(self._devices, report).run(jobs)

    def count_finished(self) -> tuple[int, int]:
        """Return the number of fine-tunings that are finished, and of all."""
        return len(self.variants) * len(self.folds) - len(self._unfinished()), len(self.variants) * len(self.folds)

    def listing(self) -> list[str]:
        """Return a line per run that `run` would start."""
        stages = [stage.name for stage in self._needed_stages()]
        return stages + [planned.job(fold).name for planned, fold in self._unfinished()]

    def results(self, failed: Mapping[str, str]) -> dict[str, Any]:
        """Write results.json and results.md of each variant and seed; return what compares them.

        Args:
            failed: What `run` returned.

        Returns:
            What `summarise` returns, with `folds`, `seeds`, `protocol`, `result`, `models` {variant: figures} and
            `failed`.

        Raises:
            ListError: Variants were tested on other clips.
        """
        scores: dict[str, dict[int, dict[str, float]]] = {}
        tests: dict[str, dict[int, list[Predictions]]] = {}
        for planned in self.variants:
            found = self._write_folds(planned, failed)
            name = planned.variant.name
            if len(found['folds']) == len(self.folds):  # the others are not comparable
                is_mean = found['result'] == 'mean'
                of_folds = {key: spread['mean'] for key, spread in found['spread'].items()}
                scores.setdefault(name, {})[planned.seed] = of_folds if is_mean else found['pooled']['metrics']
                loaded = [Predictions.load(planned.runs.test_folder(fold) / PREDICTIONS_FILE) for fold in self.folds]
                tests.setdefault(name, {})[planned.seed] = loaded
        cfg = self.variants[0].cfg
        result = result_over_folds(cfg)
        about = dict(
            folds=self.folds,
            seeds=list(dict.fromkeys(planned.seed for planned in self.variants)),
            protocol=cfg.protocol.to_dict(),
            result=result,
            models=self._models(),
            failed=dict(failed),
        )
        return about | summarise(scores, tests, cfg.test_evaluator, result == 'mean')

    def _models(self) -> dict[str, dict[str, float]]:
        """Return what the model of each variant costs, over its trainings of all seeds and folds."""
        of_variant: dict[str, list[VariantRuns]] = {}
        for planned in self.variants:
            of_variant.setdefault(planned.variant.name, []).append(planned)
        return {
            name: model_figures(runs[0].cfg, [planned.runs.folder(fold) for planned in runs for fold in self.folds])
            for name, runs in of_variant.items()
        }

    def _write_folds(self, planned: VariantRuns, failed: Mapping[str, str]) -> dict[str, Any]:
        names = {fold: planned.job(fold).name for fold in self.folds}
        done = [fold for fold in self.folds if planned.runs.is_finished(fold)]
        results = planned.runs.results(done, {fold: failed[name] for fold, name in names.items() if name in failed})
        title = f'{planned.name}: {len(done)} of {len(self.folds)} folds'
        results = dict(title=title, config=planned.variant.base, **results)
        write_results(results, planned.runs.work_dir)
        return results

    def _unfinished(self) -> list[tuple[VariantRuns, str]]:
        return [
            (planned, fold) for planned in self.variants for fold in self.folds if not planned.runs.is_finished(fold)
        ]

    def _needed_stages(self) -> list[StageRun]:
        """Return the stages' runs that are not finished and that a fine-tuning still needs, each once and in order."""
        found: dict[str, StageRun] = {}
        for planned, fold in self._unfinished():
            chain = []
            start = planned.starts.get(fold)
            while start is not None and not start.is_finished:
                chain.append(start)
                start = start.needs
            found |= {stage.name: stage for stage in reversed(chain)}
        return list(found.values())

    def _plan(self, variant: Variant, seed: int) -> VariantRuns:
        target = (variant_config(variant, seed).get('protocol') or {}).get('target')
        starts: dict[str, StageRun] = {}
        for stage in variant.stages:
            is_per_fold = any(start.fold is not None for start in starts.values())
            if is_per_fold and not stage.per_fold:
                raise ConfigError(
                    f'variant {variant.name}: stage {stage.name} comes after one that trains per fold, so it must '
                    'train per fold, too (per_fold: true).'
                )
            before = next(iter(starts.values())).load_from if starts else None
            cfg = stage_config(stage, variant, seed, target, before)
            runs = {}
            for fold in self.folds:
                held_out = fold if stage.per_fold else None
                run = StageRun(stage.name, cfg, self._stages_dir, held_out, starts.get(fold), self._program)
                runs[fold] = self._stages.setdefault(run.name, run)  # one run for all that share it
            starts = runs
        load_from = next(iter(starts.values())).load_from if starts else None
        cfg = variant_config(variant, seed, load_from)
        folder = self.work_dir / variant.name / f'seed_{seed}'
        return VariantRuns(variant, seed, cfg, FoldRuns(cfg, folder, program=self._program), starts)


def _name_in(start: StageRun | None, stages: Sequence[StageRun]) -> str | None:
    """Return the name of a stage's run that is still to come; None of one that is finished, and of none."""
    return start.name if start is not None and start in stages else None
