"""Class names of the labelled hybrids, and the alignment of the data sets with them.

The paper gives 13 and 3 classes (table 1) without naming them. The 13 are the union of the class names of its ten sets
of categorical emotions; the alignment is ours.
"""

CEA_CLASSES = (
    *('anger', 'disgust', 'fear', 'happiness', 'neutral', 'sadness', 'surprise', 'contempt', 'anxiety'),
    *('helplessness', 'disappointment', 'calm', 'worry'),
)
MER_CLASSES = ('negative', 'positive', 'surprise')

_MAFW = {name: name for name in CEA_CLASSES[:11]}
_MER2023 = dict(
    neutral='neutral', angry='anger', happy='happiness', sad='sadness', worried='worry', surprise='surprise'
)
_CREMA_D = dict(ANG='anger', DIS='disgust', FEA='fear', HAP='happiness', NEU='neutral', SAD='sadness')

# data set → its class → class of the 13; mafw43's compound classes, which have no counterpart here, are left out
CEA_ALIGNMENT: dict[str, dict[str, str]] = dict(
    mafw11=_MAFW,
    mafw43=_MAFW,
    dfew=dict(
        **dict(happy='happiness', sad='sadness', neutral='neutral', angry='anger'),
        **dict(surprise='surprise', disgust='disgust', fear='fear'),
    ),
    mer_multi=_MER2023,
    mer24=_MER2023,
    iemocap=dict(ang='anger', hap='happiness', neu='neutral', sad='sadness'),
    crema_d6=_CREMA_D,
    crema_d4={name: _CREMA_D[name] for name in ('ANG', 'HAP', 'NEU', 'SAD')},
    ravdess=dict(
        **dict(neutral='neutral', calm='calm', happy='happiness', sad='sadness'),
        **dict(angry='anger', fearful='fear', disgust='disgust', surprised='surprise'),
    ),
    msp_improv=dict(A='anger', H='happiness', N='neutral', S='sadness'),
)

# label in a list → class of the set; None: the clip is left out
IEMOCAP_LABELS = dict(ang='ang', hap='hap', exc='hap', neu='neu', sad='sad')
MICRO_LABELS: dict[str, str | None] = {
    **{name: name for name in MER_CLASSES},
    'happiness': 'positive',
    **dict.fromkeys(('sadness', 'disgust', 'contempt', 'fear', 'anger', 'repression'), 'negative'),
    **dict.fromkeys(('other', 'others'), None),
}
