"""Weights that their authors publish and this package reads: the one table of them.

Nothing is fetched: whoever wants a file gets it from its owner's page, under the owner's terms. What is not known is
None.
"""

from dataclasses import dataclass

from mmavf.errors import ConfigError
from mmavf.files.markdown import markdown_table


@dataclass(frozen=True, kw_only=True)
class KnownWeights:
    """A file of weights, or the files of a set's folds.

    Attributes:
        name: Name in commands.
        family: Method, as `mmavf.checkpoints.conversion` names it; its converter reads the file.
        size: Size of the model.
        stage: What the weights are.
        trained_on: Data, and how they were used.
        target: Card of the target data set that it is fine-tuned on; '' if it is not.
        folds: Number of files, one for each fold held out; 1 for a single split or a pre-training.
        page: Where its owner publishes it.
        file: Name of the file.
        size_gb: Its size in GB.
        sha256: Its SHA-256.
        licence: Licence of the weights.
        config: Config of the model, from the root of a clone; None: one of several, by the size of the file.
        remark: What a user should know.
    """

    name: str
    family: str
    size: str
    stage: str
    trained_on: str
    target: str = ''
    folds: int = 1
    page: str
    file: str | None = None
    size_gb: float | None = None
    sha256: str | None = None
    licence: str | None = None
    config: str | None = None
    remark: str = ''


_PAGES = {
    'HiCMAE': 'https://github.com/sunlicai/HiCMAE',
    'MAE-DFER': 'https://github.com/sunlicai/MAE-DFER',
    'SVFAP': 'https://github.com/sunlicai/SVFAP',
}
_VIDEOMAE_V2 = 'https://huggingface.co/OpenGVLab/VideoMAE2'
_VIDEOMAE_V2_LICENCE = 'Apache-2.0 or CC BY-NC 4.0'  # of two pages of the same authors
_DATA = dict(dfew='DFEW', mafw11='MAFW, 11 classes', ferv39k='FERV39k', crema_d6='CREMA-D, 6 classes')


def _base(family: str, pretrained_on: str, *targets: str, remark: str = '') -> tuple[KnownWeights, ...]:
    """Return the pre-trained Base model of a method and its fine-tuned ones."""
    name = family.lower()
    project = f'projects/{name.replace("-", "_")}/configs'
    stem = f'{name.replace("-", "_")}_b'
    first = KnownWeights(
        name=f'{name}-base',
        family=family,
        size='Base',
        stage='pre-trained',
        trained_on=pretrained_on,
        page=_PAGES[family],
        licence='MIT',
        config=f'{project}/{stem}_pretrain.py',
        remark=remark,
    )
    tuned = (
        KnownWeights(
            name=f'{name}-base-{target.replace("_", "-")}',
            family=family,
            size='Base',
            stage='fine-tuned',
            trained_on=_DATA[target],
            target=target,
            folds=1 if target == 'ferv39k' else 5,
            page=_PAGES[family],
            licence='MIT',
            config=f'{project}/finetune/{stem}_{target}.py',
        )
        for target in targets
    )
    return (first, *tuned)


KNOWN_WEIGHTS = (
    KnownWeights(
        name='avfmae-huge',
        family='AVF-MAE++',
        size='Huge',
        stage='pre-trained',
        trained_on='not stated; its fine-tuning scripts name a checkpoint of 100 epochs on 1.09 M clips',
        page='https://huggingface.co/Conna/AVF-MAE',
        file='AVF-MAE++_huge.pth',
        size_gb=6.87,
        config='configs/avfmae_h_pretrain.py',
        remark="with the optimizer's state, without a head; no fine-tuned file was found",
    ),
    *_base('HiCMAE', 'VoxCeleb2 dev, 100 epochs', 'mafw11', 'crema_d6'),
    *_base('MAE-DFER', 'VoxCeleb2 dev, epoch 50 of a schedule of 100', 'dfew', 'mafw11', 'ferv39k'),
    *_base('SVFAP', 'VoxCeleb2 dev', 'dfew', 'mafw11', 'ferv39k', remark='whether it is 512 or 768 wide is not known'),
    KnownWeights(
        name='videomae-v2',
        family='VideoMAE',
        size='several',
        stage='pre-trained',
        trained_on='UnlabeledHybrid, 1.35 M clips, 224 px',
        page=_VIDEOMAE_V2,
        licence=_VIDEOMAE_V2_LICENCE,
        remark='folders mae-b to mae-g, not checked; pass the config of its size from projects/videomae/configs',
    ),
    KnownWeights(
        name='videomae-v2-kinetics',
        family='VideoMAE',
        size='several',
        stage='fine-tuned',
        trained_on='Kinetics; Small and Base distilled from giant, with 710 classes',
        page=_VIDEOMAE_V2,
        licence=_VIDEOMAE_V2_LICENCE,
        remark='folders distill, mae-b to mae-g, not checked; a start for fine-tuning, without the head: mmavf convert',
    ),
)


def find_weights(name: str) -> KnownWeights:
    """Return the row of a name.

    Raises:
        ConfigError: There is none; names those that there are.
    """
    for known in KNOWN_WEIGHTS:
        if known.name == name:
            return known
    raise ConfigError(
        f'there are no known weights {name!r}; choose from {", ".join(row.name for row in KNOWN_WEIGHTS)}'
    )


def weights_table() -> str:
    """Return the table as Markdown."""
    header = ('name', 'method', 'trained on', 'files', 'licence', 'from', 'config')
    return markdown_table(header, map(_cells, KNOWN_WEIGHTS))


def _cells(row: KnownWeights) -> tuple[str, ...]:
    folds = 'one for each of five folds' if row.folds == 5 else 'one'
    size = '' if row.size_gb is None else f', {row.size_gb:g} GB'
    files = f'{folds}{size}' if row.file is None else f'`{row.file}`{size}'
    return (
        f'`{row.name}`',
        row.family if row.size == 'several' else f'{row.family} {row.size}',
        f'{row.stage}: {row.trained_on}' + (f' ({row.remark})' if row.remark else ''),
        files,
        row.licence or 'not known',
        row.page.removeprefix('https://'),
        'by its size' if row.config is None else f'`{row.config}`',
    )
