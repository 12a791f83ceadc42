"""Training and test of the baselines on the folds of a config."""

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from mmengine.config import Config

from mmavf.datasets.media import Channel
from mmavf.datasets.targets import hold_out_target
from mmavf.datasets.transforms import OpenClip
from mmavf.errors import ConfigError
from mmavf.evaluation import Predictions, evaluate
from mmavf.evaluation.predictions import ORIGIN_KEYS
from mmavf.evaluation.result_files import write_test
from mmavf.experiments.fold_results import collect, write_results
from mmavf.protocol.clip_data import list_hashes
from mmavf.protocol.fold_folder import fold_folder
from mmavf.protocol.protocol import apply_protocol, column_under_test, result_over_folds
from mmavf.registry import DATASETS
from mmavf.version import versions

from .classifiers import CLASSIFIERS, Fitted, fit
from .features import extractor, features_of


class Baselines:
    """The folds of a config, whose clips are classified by features that need no training.

    Args:
        name: Of the config, for titles.
        cfg: The config.
        folds: What is held out in turn.
        out: Folder of the results.
    """

    def __init__(self, name: str, cfg: Config, folds: Sequence[str], out: Path) -> None:
        self.name, self.folds, self.out = name, list(folds), out
        self._configs = {fold: _config_of(cfg, fold) for fold in folds}

    def test(self, features: str) -> list[Predictions]:
        """Train and test on every fold by one feature set; write the tests and their summary; return the predictions.

        Raises:
            ConfigError: The config is not one of classification, or openSMILE is not installed.
            ListError: A list cannot be read, or has no speakers.
            ClipError: A clip cannot be used.
        """
        known: dict[tuple, np.ndarray] = {}  # features by clip, as each clip is in all folds
        extract = extractor(features)
        found, folders = [], {}
        for fold, cfg in self._configs.items():
            train, test = (_clips(cfg, loader) for loader in ('train_dataloader', 'test_dataloader'))
            for part in (train, test):
                for clip in part.infos:
                    if part.key(clip) not in known:
                        known[part.key(clip)] = features_of(clip, extract, part.channel)
            fitted = fit(CLASSIFIERS[features], *train.data(known), len(train.classes))
            predictions = test.predictions(fitted, known)
            folders[fold] = self.out / features / fold_folder(fold) / 'test'
            folders[fold].mkdir(parents=True, exist_ok=True)
            write_test(folders[fold], predictions, self._describe(features, cfg, fitted, test, predictions))
            found.append(predictions)
        self._summarise(features, folders)
        return found

    def _describe(
        self, features: str, cfg: Config, fitted: Fitted, test: '_Clips', predictions: Predictions
    ) -> dict[str, Any]:
        """Return the content of a metrics.json as `mmavf test` writes it."""
        protocol = cfg.protocol
        return dict(
            config=self.name,
            checkpoint=f'{features}, {CLASSIFIERS[features]}, C = {fitted.cost:g}',
            selection='strict',
            training=None,
            origin=[],
            trained={},
            test=dict(
                column=column_under_test(cfg),
                fold=protocol.fold,
                result=result_over_folds(cfg),
                lists=list_hashes(test.dataset),
                overlap=None,
            ),
            tested_at=datetime.now().astimezone().isoformat(timespec='seconds'),
            versions=versions(),
            **evaluate(predictions, cfg.test_evaluator),
        )

    def _summarise(self, features: str, folders: Mapping[str, Path]) -> None:
        cfg = next(iter(self._configs.values()))
        results = collect(folders, cfg.test_evaluator, result_over_folds(cfg))
        about = dict(title=f'{features}, {CLASSIFIERS[features]}: {len(folders)} folds', config=self.name, failed={})
        write_results(dict(about, protocol=cfg.protocol.to_dict(), **results), self.out / features)


class _Clips:
    """The clips of one part of a fold.

    Args:
        dataset: The data set of this part.
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset
        self.classes = tuple(dataset.metainfo.get('classes', ()))
        self.infos = [dataset.get_data_info(index) for index in range(len(dataset))]
        self.channel = _channel(dataset)
        if not self.classes:
            raise ConfigError('the baselines classify: the data set of the config has no classes')
        for clip in self.infos:
            if 'subject' not in clip:
                raise ConfigError(
                    f'clip {clip["sample_id"]} has no subject: C is chosen by speakers that are held out, and the list '
                    'needs a column subject'
                )

    @property
    def labels(self) -> np.ndarray:
        return np.array([clip['gt_label'] for clip in self.infos])

    def data(self, known: Mapping[tuple, np.ndarray]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return features (N, D), class indices (N,) and speakers (N,)."""
        features = np.stack([known[self.key(clip)] for clip in self.infos])
        return features, self.labels, np.array([clip['subject'] for clip in self.infos])

    def key(self, clip: Mapping[str, Any]) -> tuple:
        """Return what the features of a clip depend on."""
        return clip['video_path'], clip['audio_path'], clip.get('start'), clip.get('end'), self.channel

    def predictions(self, fitted: Fitted, known: Mapping[tuple, np.ndarray]) -> Predictions:
        """Classify the clips."""
        origin: dict[str, Any] = {key: tuple(str(clip.get(key, '')) for clip in self.infos) for key in ORIGIN_KEYS}
        return Predictions(
            ids=tuple(clip['sample_id'] for clip in self.infos),
            labels=self.labels,
            scores=fitted.probabilities(self.data(known)[0]),
            names=self.classes,
            **origin,
        )


def _config_of(cfg: Config, fold: str) -> Config:
    cfg = deepcopy(cfg)
    cfg.protocol['fold'] = fold
    apply_protocol(cfg, hold_out_target)
    return cfg


def _clips(cfg: Config, loader: str) -> _Clips:
    return _Clips(DATASETS.build(cfg[loader].dataset))


def _channel(dataset: Any) -> Channel:
    """Return the channel of the sound that the model hears of these clips."""
    steps = getattr(dataset, 'datasets', [dataset])[0].pipeline.transforms
    return next((step.audio_channel for step in steps if isinstance(step, OpenClip)), None)
