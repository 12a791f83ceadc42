"""The target data sets as one table. What the paper and its release leave open is marked 'ours'."""

from .card import Card, Folds, Recipe

CLASSIFICATION_METRICS = ('war', 'uar', 'wa_f1', 'macro_f1')
MER_CLASSES = ('negative', 'positive', 'surprise')

_RELEASE = Recipe("the authors' fine-tuning scripts")
_LOGGED_HUGE = Recipe("the authors' logs of the Huge model, rate and batch derived from them", 6, 12, 2e-4)
_LAB = Recipe('ours: the values of HiCMAE for CREMA-D', 4, 14, epochs=50)
_MICRO = Recipe('ours: the paper states none', 1, 32, epochs=50, frame_interval=0)

_MAFW = dict(
    task='classification',
    family='mafw',
    metrics=CLASSIFICATION_METRICS,
    key='war',
    licence='academic use, on request',
    obtain='request form, github.com/MAFW-database',
    result_metrics=('UAR', 'WAR'),
)
_CREMA_D = dict(
    task='classification',
    family='crema_d',
    folds=Folds('five folds of actors in order: 1001-1018, 1019-1036, 1037-1054, 1055-1072, 1073-1091', 5),
    subjects='actor, 1001 to 1091',
    metrics=CLASSIFICATION_METRICS,
    key='war',
    licence='open (ODbL, unchecked)',
    obtain='github.com/CheyneyComputerScience/CREMA-D',
    result_metrics=('UAR', 'WAR'),
    recipe=Recipe('HiCMAE for CREMA-D', 4, 14, epochs=50),
)
_COMPOSITE = Folds(
    'one subject is left out at a time; trained on the composite of SAMM, CASME II and SMIC', 68, 'subject'
)
_MICRO_SET = dict(
    task='micro-expression',
    classes=MER_CLASSES,
    num_classes=3,
    modalities=('video',),
    metrics=('uf1', 'uar'),
    key='uf1',
    licence='signed licence agreement',
    result_metrics=('UF1',),
    recipe=_MICRO,
)

_CARDS = (
    Card(
        **_MAFW,
        name='mafw11',
        title='MAFW (11 classes)',
        classes=(
            *('anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness', 'surprise', 'contempt', 'anxiety'),
            *('helplessness', 'disappointment'),
        ),
        num_classes=11,
        paper_clips=9172,
        folds=Folds('official', 5, test_sizes=(1836, 1833, 1827, 1829, 1831)),
        results={'b': (43.10, 57.50), 'l': (45.36, 59.13), 'h': (46.05, 60.24)},
        competitor=('MMA-DFER', (44.25, 58.45)),
        recipe=_RELEASE,
        size_recipes={'h': _LOGGED_HUGE},
    ),
    Card(
        **_CREMA_D,
        name='crema_d6',
        title='CREMA-D (6 classes)',
        classes=('ANG', 'DIS', 'FEA', 'HAP', 'NEU', 'SAD'),
        num_classes=6,
        paper_clips=7442,
        results={'b': (85.10, 85.09), 'l': (85.69, 85.60), 'h': (86.02, 85.95)},
        competitor=('HiCMAE', (84.91, 84.89)),
    ),
    Card(
        name='ravdess',
        title='RAVDESS',
        task='classification',
        family='ravdess',
        classes=('neutral', 'calm', 'happy', 'sad', 'angry', 'fearful', 'disgust', 'surprised'),
        num_classes=8,
        paper_clips=1440,
        folds=Folds('six folds of four actors in order: 01-04, 05-08, ..., 21-24', 6),
        subjects='actor, 01 to 24',
        metrics=CLASSIFICATION_METRICS,
        key='war',
        licence='CC BY-NC-SA',
        obtain='Zenodo, record 1188976',
        result_metrics=('UAR', 'WAR'),
        results={'h': (87.44, 87.57)},
        competitor=('HiCMAE', (87.96, 87.99)),
        recipe=_LAB,
    ),
    Card(
        **_MICRO_SET,
        name='samm',
        title='SAMM',
        family='samm',
        paper_clips=133,
        class_counts=(92, 26, 15),
        folds=_COMPOSITE,
        subjects='samm_006',
        obtain='on request',
        results={'b': (81.58,), 'l': (82.53,), 'h': (81.62,)},
        competitor=('HTNet', (81.31,)),
    ),
)

CARDS: dict[str, Card] = {card.name: card for card in _CARDS}
